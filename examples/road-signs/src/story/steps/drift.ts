import { setTimeout as sleep } from "node:timers/promises";
import type { DriftReport, HubClient } from "@fieldloop/cloud-hub";
import type { Progress } from "../../terminal/progress.ts";
import { cameras } from "../cameras.ts";
import { totalOf } from "../fleet.ts";
import type { Story } from "../story.ts";

/** The cameras' judged windows of one release, or of all, since a moment. */
export function driftSince(
  client: HubClient,
  options: { readonly release?: string; readonly from: number },
): Promise<readonly DriftReport[]> {
  return Promise.all(cameras.map(({ name }) => client.drift({ device: name, ...options })));
}

/** Shows how many windows every camera has filled while a scene plays, until it is over and the journals have drained. */
export async function readWindows(
  story: Story,
  options: {
    readonly from: number;
    readonly windows: number;
    readonly whenDone: Promise<unknown>;
    readonly progress: Progress;
  },
): Promise<void> {
  const end = options.whenDone.then(() => "done" as const);
  for (;;) {
    const reports = await driftSince(story.client, { from: options.from });
    const filled = Math.min(...reports.map(({ windows }) => windows.length));
    const last = reports.flatMap(({ windows }) => windows.at(-1)?.score ?? []);
    const remark = last.length === 0 ? "windows" : `windows, drift ${Math.max(...last).toFixed(2)}`;
    options.progress.show(Math.min(filled, options.windows), options.windows, remark);
    if ((await Promise.race([end, sleep(1000, "waiting" as const)])) === "done") break;
  }
  await untilDrained(story);
}

const drainAtMostMs = 60_000;

/** Waits until the hub has sent receipts for all but what still gathers on the cameras. */
export async function untilDrained(story: Story): Promise<void> {
  const fleet = await story.fleet();
  const until = performance.now() + drainAtMostMs;
  while (performance.now() < until) {
    if (totalOf(await fleet.counts()).waiting === 0) return;
    await sleep(200);
  }
}
