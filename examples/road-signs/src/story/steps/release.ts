import { setTimeout as sleep } from "node:timers/promises";
import type { SamplingPolicy } from "@fieldloop/devices";
import { ExampleError } from "../../errors.ts";
import { type Camera, cameras } from "../cameras.ts";
import type { Story } from "../story.ts";

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
 * Tells cameras to run a release and waits until they do.
 * @throws {ExampleError} `step-failed` when one of them does not within a minute
 */
export async function moveFleetTo(
  story: Story,
  release: string,
  moved: readonly Camera[] = cameras,
): Promise<{ readonly seconds: number }> {
  const started = performance.now();
  for (const { name } of moved) await story.client.setDesired({ device: name, release });
  const fleet = await story.fleet();
  let late: readonly Camera[] = moved;
  while (performance.now() - started < waitAtMostMs) {
    const counts = await fleet.counts();
    late = moved.filter(({ name }) => counts.get(name)?.release !== release);
    if (late.length === 0) return { seconds: (performance.now() - started) / 1000 };
    await sleep(100);
  }
  const names = late.map(({ name }) => name);
  throw new ExampleError(
    "step-failed",
    `Expected ${names.join(" and ")} to run ${release.slice(0, 19)} within a minute of being told, it does not; see "fieldloop devices show ${names[0]}".`,
  );
}
