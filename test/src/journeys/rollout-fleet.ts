import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HubClient } from "@fieldloop/cloud-hub";
import { encodeMessage } from "@fieldloop/devices";
import { askStatus } from "@fieldloop/edge-runtime";
import { seededRandom } from "../crash/kill-cycles.ts";
import type { Command } from "./command.ts";
import { enrolDevice, startDevice, until } from "./device-process.ts";
import { type HubProcess, startHubProcess } from "./hub-process.ts";
import { firstRelease, keepEverything, smallClasses, smallImage, smallRecipe, smallSide } from "./small-world.ts";

/**
 * Whoever else uses the machine's cores makes latency wander, so these rollouts are judged by everything else, and against
 * wider limits of health, which two cameras can stay within after seconds.
 */
export const steadyGate = {
  health: {
    rules: {
      latency: { enabled: false },
      mix: { healthyBelow: 0.8 },
      errors: { healthyBelow: 0.12 },
      restarts: { healthyBelow: 2500 },
    },
  },
};

/** Frames that a camera answered by one release. firstAt: by this machine's clock, ms since 1970 */
export type Answered = { frames: number; readonly firstAt: number };

/** A device of its own process that is fed images, and what it answered by which release, over all its lives. */
export class Camera {
  readonly name: string;
  readonly answered = new Map<string, Answered>();
  command: Command | undefined;
  readonly #dir: string;
  readonly #images: readonly Uint8Array[];

  constructor(name: string, dir: string, images: readonly Uint8Array[]) {
    this.name = name;
    this.#dir = dir;
    this.#images = images;
  }

  start(everyMs: number): void {
    const command = startDevice(this.#dir, this.#images, everyMs);
    this.command = command;
    let rest = "";
    command.child.stdout.on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) this.#count(line);
    });
  }

  get isRunning(): boolean {
    return this.command !== undefined && this.command.child.exitCode === null && this.command.child.signalCode === null;
  }

  /** What it runs now by its own word; null when it does not answer. */
  async release(): Promise<string | null> {
    return (await askStatus(this.#dir).catch(() => undefined))?.release ?? null;
  }

  #count(line: string): void {
    const { release } = JSON.parse(line) as { release?: string };
    if (release === undefined) return;
    const known = this.answered.get(release);
    if (known === undefined) this.answered.set(release, { frames: 1, firstAt: Date.now() });
    else known.frames += 1;
  }
}

/** A hub and cameras that run its first release, each a process of its own. */
export class RolloutFleet {
  readonly root: string;
  readonly first: string;
  readonly version: string;
  readonly cameras: readonly Camera[];
  readonly everyMs: number;
  hub: HubProcess;
  #made = 0;

  static async start(cameras: number, everyMs = 60): Promise<RolloutFleet> {
    const root = await mkdtemp(join(tmpdir(), "fieldloop-rollout-"));
    const hub = await startHubProcess(join(root, "hub"));
    try {
      const { release, version } = await firstRelease(hub.client);
      const random = seededRandom(9);
      const images = await Promise.all(
        Array.from({ length: 40 }, (_, index) => smallImage(index, 0.8 + 0.2 * random(), random)),
      );
      const names = Array.from({ length: cameras }, (_, index) => `cam-${index + 1}`);
      for (const name of names) {
        await enrolDevice(hub.client, name, join(root, name));
        await hub.client.setDesired({ device: name, release });
      }
      const all = names.map((name) => new Camera(name, join(root, name), images));
      const fleet = new RolloutFleet(root, hub, { release, version }, all, everyMs);
      for (const camera of all) camera.start(everyMs);
      await until("every camera answers", async () => all.every(({ answered }) => answered.has(release)), 60_000);
      return fleet;
    } catch (error) {
      await hub.command.end("SIGKILL");
      throw error;
    }
  }

  private constructor(
    root: string,
    hub: HubProcess,
    made: { readonly release: string; readonly version: string },
    cameras: readonly Camera[],
    everyMs: number,
  ) {
    this.root = root;
    this.hub = hub;
    this.first = made.release;
    this.version = made.version;
    this.cameras = cameras;
    this.everyMs = everyMs;
  }

  get client(): HubClient {
    return this.hub.client;
  }

  /** The same model as another release: nothing speaks against it. */
  async goodRelease(): Promise<string> {
    this.#made += 1;
    const policy = { ...keepEverything, audit: { ...keepEverything.audit, rate: 0.1 + this.#made / 1000 } };
    return (await this.client.createRelease({ ...this.#common, policy })).digest;
  }

  /** A release whose golden samples nobody can pass: it cannot start. */
  async brokenRelease(): Promise<string> {
    const golden = goldenOf((index) => ({ clear: true, index: index % smallClasses.length }), 8);
    return (await this.client.createRelease({ ...this.#common, golden, goldenTolerance: 0.1 })).digest;
  }

  /** A model that learnt next to nothing: it starts, signs and runs, but is bad; a person let it pass. */
  async harmfulRelease(): Promise<string> {
    const { snapshot } = await this.client.version(this.version);
    const { run } = await this.client.startRun({
      model: "sides",
      snapshot,
      recipe: { ...smallRecipe, steps: 1 },
      seed: 7,
    });
    const { version, error } = await this.client.waitForRun(run);
    if (version == null) throw new Error(`Training the harmful model failed: ${error}`);
    await this.client.waitForJob((await this.client.compile(version)).job);
    const golden = goldenOf(() => ({ clear: false, index: 0 }), 4);
    const accept = { reason: "to see it stopped" };
    return (await this.client.createRelease({ ...this.#common, version, golden, goldenTolerance: 1, accept })).digest;
  }

  get #common() {
    return { version: this.version, policy: keepEverything, profiles: ["x86-64"], budget: { maxSlowdown: 50 } };
  }

  camera(name: string): Camera {
    return this.cameras.find((camera) => camera.name === name)!;
  }

  /** Starts what is not running. */
  async up(): Promise<void> {
    if (this.hub.command.child.exitCode !== null || this.hub.command.child.signalCode !== null) {
      this.hub = await startHubProcess(join(this.root, "hub"));
    }
    for (const camera of this.cameras) if (!camera.isRunning) camera.start(this.everyMs);
  }

  /** Frames that were answered by a release anywhere. */
  framesBy(release: string): number {
    return this.cameras.reduce((sum, { answered }) => sum + (answered.get(release)?.frames ?? 0), 0);
  }

  /** Ends what still runs and removes the folder. */
  async end(): Promise<void> {
    await Promise.all(this.cameras.map(({ command }) => command?.end("SIGKILL")));
    await this.hub.command.end("SIGKILL");
    await rm(this.root, { recursive: true, force: true });
  }
}

function goldenOf(expect: (index: number) => { clear: boolean; index: number }, count: number): string {
  const random = seededRandom(3);
  const pixels = Uint8Array.from({ length: smallSide * smallSide * 3 }, () => Math.floor(random() * 256));
  const samples = Array.from({ length: count }, (_, sample) => {
    const { clear, index } = expect(sample);
    const probabilities = smallClasses.map((__, at) => (at === index ? 1 : 0));
    return { pixels, clear, expected: { side: { index, probabilities } } };
  });
  return Buffer.from(encodeMessage("golden", { v: 1, width: smallSide, height: smallSide, samples })).toString(
    "base64",
  );
}
