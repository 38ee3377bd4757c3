import { setTimeout as sleep } from "node:timers/promises";
import type { DriftReport, HubClient } from "@fieldloop/cloud-hub";
import type { Progress } from "../../terminal/progress.ts";
import { deviceName, type Story } from "../story.ts";

/** The device's judged windows of one release since a moment. */
export function driftSince(client: HubClient, release: string, from: number): Promise<DriftReport> {
  return client.drift({ device: deviceName, release, from });
}

/** Shows how many windows have come in while a scene plays, until the scene is over and its journal has drained. */
export async function readWindows(
  story: Story,
  options: {
    readonly from: number;
    readonly frames: number;
    readonly whenDone: Promise<unknown>;
    readonly progress: Progress;
  },
): Promise<void> {
  const end = options.whenDone.then(() => "done" as const);
  for (;;) {
    const { windows } = await story.client.drift({ device: deviceName, from: options.from });
    const last = windows.at(-1);
    const remark = last === undefined ? "windows" : `windows, drift ${last.score.toFixed(2)}`;
    options.progress.show(Math.min(windows.length, options.frames), options.frames, remark);
    if ((await Promise.race([end, sleep(1000, "waiting" as const)])) === "done") break;
  }
  await untilDrained(story);
}

const drainAtMostMs = 60_000;

/** Waits until the hub has sent receipts for all but what still gathers on the device. */
export async function untilDrained(story: Story): Promise<void> {
  const reader = await story.reader();
  const until = performance.now() + drainAtMostMs;
  while (performance.now() < until) {
    const { counts } = await reader.ask({ kind: "count" }, "counted");
    if (counts.waiting === 0) return;
    await sleep(200);
  }
}
