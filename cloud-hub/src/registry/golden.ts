import { createHash } from "node:crypto";
import { decodeMessage, encodeMessage, type GoldenSet } from "@fieldloop/devices";
import type { RawImage } from "@fieldloop/edge-runtime/operators";
import { HubError } from "../errors.ts";
import { type ModelAnswer, topOf } from "../evaluation/answer.ts";

/** The least and the usual number of golden samples. */
export const goldenLeast = 16;
const goldenUsual = 24;
const clearMargin = 0.5;
const leastTolerance = 0.1;

/** A golden set as it is stored, and how far probabilities may be off. */
export type Golden = { readonly bytes: Uint8Array; readonly samples: number; readonly tolerance: number };

/** One validation image with what each released target answered, the first target being the one that is expected. */
export type GoldenCandidate = {
  readonly id: string;
  readonly image: RawImage;
  readonly answers: readonly ModelAnswer[];
};

/**
 * Chooses golden samples from validation images: clear ones first (every target agrees and leads by more than 0.5), in an
 * order by hash. The tolerance is twice the largest difference between released targets, at least 0.1, since the same
 * integers differ a little between processors.
 * @throws {HubError} `no-golden`
 */
export function chooseGolden(candidates: readonly GoldenCandidate[]): Golden {
  const ordered = candidates.toSorted((a, b) => (orderOf(a.id) < orderOf(b.id) ? -1 : 1));
  const clear = ordered.filter(isClear).slice(0, goldenUsual);
  const others = ordered.filter((each) => !isClear(each)).slice(0, Math.max(4, goldenUsual - clear.length));
  const chosen = [...clear, ...others];
  const [first] = chosen;
  if (first === undefined || chosen.length < goldenLeast) {
    throw new HubError(
      "no-golden",
      `Expected at least ${goldenLeast} old validation images for the golden samples, found ${chosen.length}; import more with split "val", or give a golden set.`,
    );
  }
  const { width, height } = first.image;
  const samples = chosen.map((each) => ({
    pixels: each.image.data,
    clear: isClear(each),
    expected: expectedOf(each.answers[0]!),
  }));
  const tolerance = Math.min(1, Math.max(leastTolerance, 2 * largestDifference(chosen)));
  return { bytes: encodeMessage("golden", { v: 1, width, height, samples }), samples: samples.length, tolerance };
}

/**
 * Takes a caller's golden set as it is, after checking that it is one; whether a device can satisfy it is the caller's word.
 * @throws {HubError} `no-golden`
 */
export function givenGolden(base64: string, tolerance: number): Golden {
  try {
    const bytes = new Uint8Array(Buffer.from(base64, "base64"));
    const golden: GoldenSet = decodeMessage("golden", bytes);
    return { bytes, samples: golden.samples.length, tolerance };
  } catch (cause) {
    throw new HubError(
      "no-golden",
      `Expected a golden set in CBOR and base64, got something else: ${(cause as Error).message}`,
      { cause },
    );
  }
}

function isClear({ answers }: GoldenCandidate): boolean {
  const heads = Object.keys(answers[0]?.heads ?? {});
  return heads.every((head) => {
    const tops = answers.map((answer) => topOf(answer.heads[head] ?? new Float32Array()));
    return tops.every((top) => top.margin > clearMargin && top.index === tops[0]?.index);
  });
}

function expectedOf(answer: ModelAnswer): GoldenSet["samples"][number]["expected"] {
  return Object.fromEntries(
    Object.entries(answer.heads).map(([head, probabilities]) => [
      head,
      { index: topOf(probabilities).index, probabilities: Array.from(probabilities, (value) => Math.min(1, value)) },
    ]),
  );
}

function largestDifference(chosen: readonly GoldenCandidate[]): number {
  let largest = 0;
  for (const { answers } of chosen) {
    for (const [head, expected] of Object.entries(answers[0]?.heads ?? {})) {
      for (const other of answers.slice(1)) {
        for (const [index, value] of expected.entries()) {
          largest = Math.max(largest, Math.abs(value - (other.heads[head]?.[index] ?? 0)));
        }
      }
    }
  }
  return largest;
}

const orderOf = (id: string): string => createHash("sha256").update(`golden ${id}`).digest("hex");
