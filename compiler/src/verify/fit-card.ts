import type { Figure, FitCard, Latency } from "@fieldloop/devices";
import type { Tensor } from "@fieldloop/edge-runtime/engine";
import type { RawImage } from "@fieldloop/edge-runtime/operators";
import { CompilerError } from "../errors.ts";
import { agreement, pairedDifference, pairedUnits, proportion, proportionUnits } from "../statistics/index.ts";
import { batchOf, imageDigest } from "../targets/image-batches.ts";
import { answersOf } from "./answers.ts";
import { thisMachine } from "./machine.ts";
import { type HostedVariant, hostVariant, quantileOf, timeInterleaved, type VariantFiles } from "./variant-bench.ts";

/** One image that a variant is judged on; label: the right class of the judged head, where it is known. */
export interface JudgedImage {
  readonly image: RawImage;
  /** What is independent: a track, a clip, a device; frames of one unit belong together. */
  readonly unit: string;
  readonly label?: number;
}

/** What fit cards are measured from. */
export interface FitCardRequest {
  /** Every variant to judge, one per target; agreement and difference are against `reference`, which has none itself. */
  readonly variants: readonly VariantFiles[];
  readonly reference: VariantFiles;
  /** The head whose answers are judged. */
  readonly head: string;
  readonly images: readonly JudgedImage[];
  /** Digests of the images that set the ranges, as compiling returned them. */
  readonly calibrationDigests: ReadonlySet<string>;
  /** Timed runs per variant, one image each; 200 unless said otherwise. */
  readonly rounds?: number;
  readonly threads?: number;
  readonly seed?: number;
}

const batchSize = 64;
const warmupRounds = 20;

/**
 * Measures one fit card per variant, in order, on this machine: each in an engine host of its own, timed interleaved.
 * @throws {CompilerError} `calibration-overlap` when an image was used for calibration, `invalid-argument` without images
 *   or for an unknown head
 */
export async function fitCards(request: FitCardRequest): Promise<FitCard[]> {
  refuseCalibrationImages(request);
  const others = request.variants.filter(({ target }) => target !== request.reference.target);
  const files = [request.reference, ...others];
  const threads = request.threads ?? 1;
  const hosted: HostedVariant[] = [];
  try {
    for (const variant of files) hosted.push(await hostVariant(variant, threads));
    const answers = await allAnswers(hosted, request);
    const latencies = await allLatencies(hosted, request, threads);
    const cards = files.map((variant, index) =>
      cardOf(request, variant, {
        answers: answers[index]!,
        reference: index === 0 ? undefined : answers[0]!,
        latency: latencies[index]!,
        peakMemoryBytes: Math.round(hosted[index]!.grownBytes()),
      }),
    );
    return request.variants.map(({ target }) => cards.find((card) => card.target === target)!);
  } finally {
    await Promise.all(hosted.map((variant) => variant.close()));
  }
}

/** Measures the fit card of one variant; see `fitCards`. */
export async function fitCard(
  request: Omit<FitCardRequest, "variants"> & { readonly variant: VariantFiles },
): Promise<FitCard> {
  const [card] = await fitCards({ ...request, variants: [request.variant] });
  return card!;
}

function refuseCalibrationImages({ images, calibrationDigests }: FitCardRequest): void {
  if (images.length === 0) {
    throw new CompilerError(
      "invalid-argument",
      "Expected images to judge a variant on, found none; give validation images.",
    );
  }
  const seen = images.filter(({ image }) => calibrationDigests.has(imageDigest(image))).length;
  if (seen === 0) return;
  throw new CompilerError(
    "calibration-overlap",
    `Expected images that calibration never saw, but ${seen} of ${images.length} were used for it; judge on others.`,
  );
}

async function allAnswers(hosted: readonly HostedVariant[], request: FitCardRequest): Promise<readonly number[][]> {
  const batches: Record<string, Tensor>[] = [];
  for (let from = 0; from < request.images.length; from += batchSize) {
    batches.push({ image: batchOf(request.images.slice(from, from + batchSize).map(({ image }) => image)) });
  }
  const answers: number[][] = [];
  for (const variant of hosted) {
    answers.push(await answersOf(variant.model, request.head, batches));
    variant.grownBytes();
  }
  return answers;
}

async function allLatencies(
  hosted: readonly HostedVariant[],
  request: FitCardRequest,
  threads: number,
): Promise<readonly Latency[]> {
  const singles = request.images.slice(0, batchSize).map(({ image }) => ({ image: batchOf([image]) }));
  const rounds = request.rounds ?? 200;
  const times = await timeInterleaved(hosted, singles, { rounds, warmupRounds });
  return times.map((each, index) => ({
    p50Us: quantileOf(each, 0.5),
    p95Us: quantileOf(each, 0.95),
    n: rounds,
    machine: thisMachine(threads, hosted[index]!.engine),
  }));
}

interface Measured {
  readonly answers: readonly number[];
  readonly reference: readonly number[] | undefined;
  readonly latency: Latency;
  readonly peakMemoryBytes: number;
}

function cardOf(request: FitCardRequest, variant: VariantFiles, measured: Measured): FitCard {
  const sizeBytes = sizeOf(variant);
  return {
    target: variant.target,
    components: Object.fromEntries(variant.components.map(({ component, digest }) => [component, digest])),
    accuracy: accuracyOf(request, measured.answers),
    agreement: agreementOf(request, measured),
    difference: differenceOf(request, measured),
    latency: measured.latency,
    sizeBytes,
    sizeRatio: sizeBytes / sizeOf(request.reference),
    peakMemoryBytes: measured.peakMemoryBytes,
  };
}

function accuracyOf({ images, seed }: FitCardRequest, answers: readonly number[]): Figure | null {
  const rows = images.flatMap(({ unit, label }, index) =>
    label === undefined ? [] : [{ unit, success: answers[index] === label }],
  );
  return rows.length === 0 ? null : proportion(proportionUnits(rows), { seed });
}

function agreementOf({ images, seed }: FitCardRequest, { answers, reference }: Measured): Figure | null {
  if (reference === undefined) return null;
  const pairs = images.map(({ unit }, index) => ({ unit, left: answers[index]!, right: reference[index]! }));
  return agreement(pairs, { seed });
}

function differenceOf({ images, seed }: FitCardRequest, { answers, reference }: Measured): Figure | null {
  const rows = images.flatMap(({ unit, label }, index) =>
    label === undefined || reference === undefined
      ? []
      : [{ unit, candidate: answers[index] === label, incumbent: reference[index] === label }],
  );
  return rows.length === 0 ? null : pairedDifference(pairedUnits(rows), { seed });
}

function sizeOf(variant: VariantFiles): number {
  return variant.components.reduce((sum, { bytes }) => sum + bytes.length, 0);
}
