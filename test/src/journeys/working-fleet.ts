import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HubClient } from "@fieldloop/cloud-hub";
import { askStatus } from "@fieldloop/edge-runtime";
import { seededRandom } from "../crash/kill-cycles.ts";
import type { Command } from "./command.ts";
import { enrolDevice, startDevice, until } from "./device-process.ts";
import { type HubProcess, startHubProcess } from "./hub-process.ts";
import { firstRelease, smallClasses, smallImage } from "./small-world.ts";

/** A hub and an enrolled device with a release, in a folder of their own. */
export class WorkingFleet {
  readonly root: string;
  readonly hubDir: string;
  readonly edgeDir: string;
  readonly version: string;
  readonly release: string;
  hub: HubProcess;
  readonly #images: readonly Uint8Array[];

  /** Starts a hub, trains and releases a model, and enrols `reader-1` for it. */
  static async start(): Promise<WorkingFleet> {
    const root = await mkdtemp(join(tmpdir(), "fieldloop-fleet-"));
    const hub = await startHubProcess(join(root, "hub"));
    try {
      const made = await firstRelease(hub.client);
      await enrolDevice(hub.client, "reader-1", join(root, "edge"));
      await hub.client.setDesired({ device: "reader-1", release: made.release });
      const random = seededRandom(9);
      const images = await Promise.all(Array.from({ length: 40 }, (_, index) => smallImage(index, random(), random)));
      return new WorkingFleet(root, hub, made, images);
    } catch (error) {
      await hub.command.end("SIGKILL");
      throw error;
    }
  }

  private constructor(
    root: string,
    hub: HubProcess,
    made: { readonly release: string; readonly version: string },
    images: readonly Uint8Array[],
  ) {
    this.root = root;
    this.hubDir = join(root, "hub");
    this.edgeDir = join(root, "edge");
    this.hub = hub;
    this.release = made.release;
    this.version = made.version;
    this.#images = images;
  }

  get client(): HubClient {
    return this.hub.client;
  }

  /** Starts the device and feeds it images. */
  stream(everyMs = 20): Command {
    return startDevice(this.edgeDir, this.#images, everyMs);
  }

  /** Streams until the hub has stored `samples` more of the device's samples, stops, and lets the device hand over the rest. */
  async traffic(samples: number): Promise<void> {
    const count = async () => (await this.client.samples({ source: "device", limit: 1000 })).samples.length;
    const wanted = (await count()) + samples;
    const streaming = this.stream();
    await until(`the hub had ${wanted} samples`, async () => (await count()) >= wanted, 60_000);
    await streaming.end("SIGTERM");
    await this.handOver();
  }

  /** Lets the device hand over what it still holds, without new frames. */
  async handOver(): Promise<void> {
    const idle = startDevice(this.edgeDir, this.#images, 2 ** 31 - 1);
    await until(
      "the device had handed over",
      async () => {
        const lanes = (await askStatus(this.edgeDir))?.journal.lanes;
        return lanes !== undefined && Object.values(lanes).every(({ waiting }) => waiting === 0);
      },
      60_000,
    );
    await idle.end("SIGTERM");
  }

  /** A person's answers for the newest samples, and one more device that has enrolled. */
  async decide(name: string, labels: number): Promise<void> {
    const { samples } = await this.client.samples({ source: "device", limit: labels });
    const items = samples.map(({ id }, index) => ({
      sample: id,
      head: "side",
      class: smallClasses[index % 4]!,
      author: "ada",
      kind: "human" as const,
    }));
    await this.client.label({ items });
    await enrolDevice(this.client, name, join(this.root, name));
    await this.client.setDesired({ device: name, release: this.release });
  }

  async stopHub(): Promise<void> {
    await this.hub.command.end("SIGTERM");
  }

  async startHub(): Promise<void> {
    this.hub = await startHubProcess(this.hubDir);
  }

  /** Ends what still runs and removes the folder. */
  async end(): Promise<void> {
    await this.hub.command.end("SIGKILL");
    await rm(this.root, { recursive: true, force: true });
  }
}
