import { join } from "node:path";
import type { HubClient } from "@fieldloop/cloud-hub";
import type { Answering, Counts } from "../reader/messages.ts";
import type { Scene } from "../reader/playlist.ts";
import { type Camera, cameras, firstCamera, groupName } from "./cameras.ts";
import { enrolDevice } from "./enrol-device.ts";
import { type Reader, startReader } from "./reader-process.ts";

/** The cameras as running processes. */
export interface Fleet {
  /** The camera that takes releases from a stick too. */
  readonly first: Reader;
  /** How each camera stands, by name. */
  counts(): Promise<ReadonlyMap<string, Counts>>;
  /** Shows a scene to every camera; resolves when all have seen as many frames, or were stopped. */
  play(scene: Scene, frames: number | "until-stopped", framesPerSecond: number): Promise<void>;
  stop(): Promise<void>;
  close(): Promise<void>;
}

/** What all cameras did together. */
export type FleetTotal = Pick<Counts, "shown" | "answered" | "waiting" | "bytes">;

/**
 * Enrols the cameras that are not yet enrolled and starts each as a process of its own.
 * data: the folder that holds one folder per camera
 */
export async function startFleet(
  client: HubClient,
  options: { readonly data: string; readonly field: string | undefined; readonly seed: number },
): Promise<Fleet> {
  const folderOf = ({ name }: Camera) => join(options.data, name);
  await enrolNewOnes(client, folderOf);
  const started = await Promise.all(
    cameras.map(async (camera, index) => {
      const viewpoint = { camera: index, cameras: cameras.length };
      return [camera.name, await startReader({ ...options, data: folderOf(camera), viewpoint })] as const;
    }),
  );
  const readers = new Map(started);
  return {
    first: readers.get(firstCamera.name)!, // every camera was started
    async counts() {
      const entries = [...readers].map(async ([name, reader]) => {
        const { counts } = await reader.ask({ kind: "count" }, "counted");
        return [name, counts] as const;
      });
      return new Map(await Promise.all(entries));
    },
    async play(scene, frames, framesPerSecond) {
      const request = { kind: "play", scene, frames, framesPerSecond } as const;
      await Promise.all([...readers.values()].map((reader) => reader.ask(request, "played")));
    },
    async stop() {
      await Promise.all([...readers.values()].map((reader) => reader.ask({ kind: "stop" }, "counted")));
    },
    async close() {
      await Promise.all([...readers.values()].map((reader) => reader.close()));
    },
  };
}

/** Adds up what the cameras did. */
export function totalOf(counts: ReadonlyMap<string, Counts>): FleetTotal {
  const sum = (read: (counts: Counts) => number) => [...counts.values()].reduce((total, one) => total + read(one), 0);
  return {
    shown: sum(({ shown }) => shown),
    answered: sum(({ answered }) => answered),
    waiting: sum(({ waiting }) => waiting),
    bytes: { up: sum(({ bytes }) => bytes.up), down: sum(({ bytes }) => bytes.down) },
  };
}

/** What one release answered on each camera that it reached. */
export function answeringOf(counts: ReadonlyMap<string, Counts>, release: string): ReadonlyMap<string, Answering> {
  const found = [...counts].flatMap(([name, { byRelease }]) => {
    const answering = byRelease[release];
    return answering === undefined ? [] : [[name, answering] as const];
  });
  return new Map(found);
}

/** Frames that one release answered on all cameras. */
export const framesOf = (answering: ReadonlyMap<string, Answering>): number =>
  [...answering.values()].reduce((sum, { frames }) => sum + frames, 0);

async function enrolNewOnes(client: HubClient, folderOf: (camera: Camera) => string): Promise<void> {
  const enrolled = new Set((await client.devices()).filter(({ enrolled }) => enrolled).map(({ device }) => device));
  for (const camera of cameras) {
    if (enrolled.has(camera.name)) continue;
    const { name, profile, simulated } = camera;
    const { code } = await client.addDevice({ device: name, profile, group: groupName, simulated });
    await enrolDevice(code, folderOf(camera), camera);
  }
}
