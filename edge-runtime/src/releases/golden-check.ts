import { decodeMessage, type GoldenSet } from "@fieldloop/devices";
import type { LoadedRelease } from "./loaded-release.ts";
import { ReleaseRefusal } from "./refusal.ts";

/** What is put through golden samples: a release, or one that is not held yet. */
type GoldenSubject = Pick<LoadedRelease, "plan" | "manifest" | "run">;

/**
 * Runs a release's golden samples: on clear samples the top class of every head must be the hub's, on all samples every
 * probability must be within the manifest's tolerance of the hub's.
 * @throws {ReleaseRefusal} `golden-failed`, `incomplete`
 */
export async function checkGolden(release: GoldenSubject, bytes: Uint8Array): Promise<void> {
  const golden = readGolden(release, bytes);
  for (const [index, sample] of golden.samples.entries()) {
    const { logits } = await release.run(sample.pixels);
    for (const [head, expected] of Object.entries(sample.expected)) {
      const got = softmax(logits[head] ?? new Float32Array(0));
      const where = `golden sample ${index + 1} of ${golden.samples.length}, head ${head}`;
      if (sample.clear) requireTop(release, head, topOf(got), expected.index, where);
      requireClose(got, expected.probabilities, release.manifest.golden.tolerance, where);
    }
  }
}

/** Probabilities of logits. */
export function softmax(logits: Float32Array): number[] {
  const highest = logits.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  const weights = Array.from(logits, (value) => Math.exp(value - highest));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

function readGolden(release: GoldenSubject, bytes: Uint8Array): GoldenSet {
  let golden: GoldenSet;
  try {
    golden = decodeMessage("golden", bytes);
  } catch (cause) {
    throw new ReleaseRefusal(
      "incomplete",
      `Expected golden samples in this release, they do not decode; release again.`,
      { cause },
    );
  }
  const { width, height } = release.plan.preprocess;
  const pixels = width * height * 3;
  const isWhole = golden.samples.length === release.manifest.golden.samples;
  const isSized = golden.width === width && golden.height === height;
  if (!isWhole || !isSized || golden.samples.some((sample) => sample.pixels.length !== pixels)) {
    throw new ReleaseRefusal(
      "incomplete",
      `Expected ${release.manifest.golden.samples} golden samples of ${width} × ${height}, got ${golden.samples.length} of ${golden.width} × ${golden.height}; release again.`,
    );
  }
  return golden;
}

function requireTop(release: GoldenSubject, head: string, got: number, expected: number, where: string): void {
  if (got === expected) return;
  const classes = release.plan.heads.find(({ name }) => name === head)?.classes;
  const name = (index: number) => JSON.stringify(classes?.[index] ?? `class ${index}`);
  throw new ReleaseRefusal(
    "golden-failed",
    `Expected ${name(expected)} as in the hub at ${where}, this device answers ${name(got)}; do not run this variant on this machine.`,
  );
}

function requireClose(got: readonly number[], expected: readonly number[], tolerance: number, where: string): void {
  const differences = expected.map((probability, index) => Math.abs(probability - (got[index] ?? Number.NaN)));
  const isClose = got.length === expected.length && differences.every((difference) => difference <= tolerance);
  if (isClose) return;
  const most = differences.reduce((worst, difference) => Math.max(difference, worst), 0);
  throw new ReleaseRefusal(
    "golden-failed",
    `Expected probabilities within ${tolerance} of the hub's at ${where}, they differ by ${most.toFixed(4)}; do not run this variant on this machine.`,
  );
}

function topOf(probabilities: readonly number[]): number {
  return probabilities.reduce(
    (best, value, index) => (value > (probabilities[best] ?? Number.NEGATIVE_INFINITY) ? index : best),
    0,
  );
}
