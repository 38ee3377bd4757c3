import { setTimeout as sleep } from "node:timers/promises";
import type { SamplingPolicy } from "@fieldloop/devices";
import { ExampleError } from "../../errors.ts";
import { deviceName, type Story } from "../story.ts";

const auditKey = "6f1d2c3b4a5968778695a4b3c2d1e0ff";
const waitAtMostMs = 60_000;

/** What devices report and keep: every prediction, sketches of 5 s, a twentieth audited, uncertain frames within a budget. */
export function policyOf(framesPerSecond: number): SamplingPolicy {
  const bytesPerSecond = Math.round(2_400 * framesPerSecond);
  return {
    predictions: "all",
    sketchWindowMs: 5000,
    audit: { rate: 0.05, key: auditKey },
    scorers: [{ kind: "uncertainty", head: "sign", bytesPerSecond, burstBytes: 2 * bytesPerSecond }],
  };
}

/** Signs a release of a compiled version. */
export async function signRelease(story: Story, version: string): Promise<string> {
  const { digest } = await story.client.createRelease({ version, policy: policyOf(story.options.framesPerSecond) });
  return digest;
}

/**
 * Tells the device to run a release and waits until it does.
 * @throws {ExampleError} `step-failed` when it does not within a minute
 */
export async function moveDeviceTo(
  story: Story,
  release: string,
): Promise<{ readonly number: number; readonly seconds: number }> {
  const started = performance.now();
  const { number } = await story.client.setDesired({ device: deviceName, release });
  const reader = await story.reader();
  while (performance.now() - started < waitAtMostMs) {
    const { counts } = await reader.ask({ kind: "count" }, "counted");
    if (counts.release === release) return { number, seconds: (performance.now() - started) / 1000 };
    await sleep(100);
  }
  throw new ExampleError(
    "step-failed",
    `Expected ${deviceName} to run ${release.slice(0, 19)} within a minute of being told, it does not; see its events with "fieldloop devices show ${deviceName}".`,
  );
}
