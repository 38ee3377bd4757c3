import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HubClient } from "@fieldloop/cloud-hub";
import { askStatus } from "@fieldloop/edge-runtime";
import type { Command } from "../journeys/command.ts";
import { startCommand } from "../journeys/command.ts";
import { enrolDevice, startDevice, until } from "../journeys/device-process.ts";
import { answeringHub, hubArguments, startHubProcess } from "../journeys/hub-process.ts";
import { firstRelease, smallImage, smallItems } from "../journeys/small-world.ts";
import { hubAccount, storedLines } from "./fleet-accounts.ts";
import { killCycles, seededRandom } from "./kill-cycles.ts";
import { Ledger } from "./ledger.ts";

/**
 * What a run of kills showed. acknowledged: records that the device had stored and imports that the hub had answered ·
 * lost: those neither in the tables nor named by a gap · evicted: named by a gap · duplicated, quarantined, unreadable: see
 * `HubAccount` · undrained: records that the device still held in the end
 */
export interface FleetKillReport {
  readonly cycles: number;
  readonly kills: Readonly<Record<"hub" | "edge" | "both", number>>;
  readonly acknowledged: number;
  readonly answeredImports: number;
  readonly evicted: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly quarantined: number;
  readonly unreadable: number;
  readonly undrained: number;
}

const device = "reader-1";
const drainLimitMs = 120_000;

/** Kills a real hub and a real device that streams to it, `cycles` times at random moments, then lets them finish and counts. */
export async function killHubAndEdge(
  cycles: number,
  seed: number,
  log: (line: string) => void = () => undefined,
): Promise<FleetKillReport> {
  const root = await mkdtemp(join(tmpdir(), "fieldloop-kill-"));
  const fleet = await Fleet.start(root);
  const random = seededRandom(seed);
  const kills = { hub: 0, edge: 0, both: 0 };
  try {
    let victim: keyof typeof kills = "hub";
    await killCycles({
      cycles,
      seed,
      longestMs: 3000,
      start: async (cycle) => {
        victim = (["hub", "edge", "both"] as const)[Math.floor(random() * 3)]!;
        // Every third kill may fall into the start of what was killed before.
        const ready = cycle % 3 === 0 ? Promise.resolve() : fleet.isStreaming();
        fleet.up();
        return { process: (victim === "edge" ? fleet.edge : fleet.hub)!.child, ready };
      },
      check: async (cycle) => {
        if (victim === "both") await fleet.edge!.end("SIGKILL");
        kills[victim] += 1;
        log(
          `cycle ${cycle}: killed ${victim}; ${fleet.storedRecords} records stored, ${fleet.answeredImports} imports answered`,
        );
      },
    });
    const undrained = await fleet.drain();
    const account = await hubAccount(fleet.hubDir, device);
    const { ledger, answeredImports } = fleet;
    ledger.settle(account.lines);
    const { acknowledged, evicted, lost } = ledger;
    const { duplicated, quarantined, unreadable } = account;
    return {
      cycles,
      kills,
      acknowledged,
      answeredImports,
      evicted,
      lost,
      duplicated,
      quarantined,
      unreadable,
      undrained,
    };
  } finally {
    await fleet.end();
    await rm(root, { recursive: true, force: true });
  }
}

/** One hub and one device that streams to it, each started again when it is not there; notes all that was acknowledged. */
class Fleet {
  readonly ledger = new Ledger();
  readonly hubDir: string;
  hub: Command | undefined;
  edge: Command | undefined;
  answeredImports = 0;
  storedRecords = 0;
  readonly #edgeDir: string;
  readonly #images: readonly Uint8Array[];
  #client: HubClient | undefined;
  #answers = 0;
  #isStopping = false;
  readonly #observers: Promise<void>[];

  static async start(root: string): Promise<Fleet> {
    const { client, command } = await startHubProcess(join(root, "hub"));
    try {
      const { release } = await firstRelease(client);
      await enrolDevice(client, device, join(root, "edge"));
      await client.setDesired({ device, release });
      const random = seededRandom(9);
      const images = await Promise.all(Array.from({ length: 40 }, (_, index) => smallImage(index, random(), random)));
      return new Fleet(root, command, client, images);
    } catch (error) {
      await command.end("SIGKILL");
      throw error;
    }
  }

  constructor(root: string, hub: Command, client: HubClient, images: readonly Uint8Array[]) {
    this.hubDir = join(root, "hub");
    this.#edgeDir = join(root, "edge");
    this.hub = hub;
    this.#client = client;
    this.#images = images;
    this.#observers = [this.#watchDevice(), this.#importForever()];
  }

  /** Starts what is not running. */
  up(): void {
    if (hasEnded(this.hub)) this.#startHub();
    if (hasEnded(this.edge)) this.#startEdge();
  }

  /** Resolves once the hub answers and the device has answered a frame since now. */
  async isStreaming(): Promise<void> {
    const before = this.#answers;
    await until(
      "hub and device answered",
      async () =>
        this.#answers > before &&
        (await this.#client?.health().then(
          () => true,
          () => false,
        )) === true,
      120_000,
    );
  }

  /** Lets the device hand over everything without new frames, ends both, and answers how many records it still held. */
  async drain(): Promise<number> {
    this.#isStopping = true;
    await Promise.all(this.#observers);
    if (hasEnded(this.hub)) this.#startHub();
    if (!hasEnded(this.edge)) await this.edge!.end("SIGTERM");
    this.edge = startDevice(this.#edgeDir, this.#images, 2 ** 31 - 1);
    await until("the device had handed over", async () => (await this.#waiting()) === 0, drainLimitMs).catch(
      () => undefined,
    );
    const undrained = await this.#waiting();
    await this.#note();
    await this.edge.end("SIGTERM");
    await this.hub!.end("SIGTERM");
    return undrained;
  }

  async end(): Promise<void> {
    this.#isStopping = true;
    await Promise.all([this.hub, this.edge].map((command) => command?.end("SIGKILL")));
    await Promise.all(this.#observers);
  }

  #startHub(): void {
    const command = startCommand("fieldloop", hubArguments(this.hubDir));
    this.hub = command;
    this.#client = undefined;
    answeringHub(command, this.hubDir).then(
      ({ client }) => {
        if (this.hub === command) this.#client = client;
      },
      () => undefined, // killed while it started
    );
  }

  #startEdge(): void {
    const command = startDevice(this.#edgeDir, this.#images, 20);
    this.edge = command;
    command.child.stdout.on("data", () => {
      if (this.edge === command) this.#answers += 1;
    });
  }

  async #waiting(): Promise<number> {
    const status = await askStatus(this.#edgeDir);
    if (status === undefined) return Number.POSITIVE_INFINITY;
    return Object.values(status.journal.lanes).reduce((sum, { waiting }) => sum + waiting, 0);
  }

  /** What the device says that it has stored must be accounted for, whatever is killed from now on. */
  async #note(): Promise<void> {
    const status = await askStatus(this.#edgeDir).catch(() => undefined);
    if (status === undefined) return;
    this.ledger.acknowledge(storedLines(status.journal.lastSeq));
    this.storedRecords = Object.values(status.journal.lastSeq).reduce((sum, seq) => sum + seq, 0);
  }

  async #watchDevice(): Promise<void> {
    while (!this.#isStopping) {
      await this.#note();
      await pause(50);
    }
  }

  /** Imports one labelled image after another; one without an answer is sent again, as a user would. */
  async #importForever(): Promise<void> {
    for (let count = 0; !this.#isStopping; ) {
      const items = await smallItems(1, `import-${count}`);
      const isAnswered = await this.#client?.importSamples(items).then(
        () => true,
        () => false,
      );
      if (isAnswered === true) {
        this.ledger.acknowledge([`ack import ${items[0]!.track} 1-1`]);
        this.answeredImports += 1;
        count += 1;
      }
      await pause(100);
    }
  }
}

const hasEnded = (command: Command | undefined): boolean =>
  command === undefined || command.child.exitCode !== null || command.child.signalCode !== null;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
