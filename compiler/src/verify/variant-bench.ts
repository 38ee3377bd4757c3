import { type EngineHost, type LoadedModel, startEngineHost, type Tensor } from "@fieldloop/edge-runtime/engine";
import type { Target } from "../targets/target.ts";
import { isTflite } from "../tflite/flatbuffer/read-flatbuffer.ts";

/** The files of one variant, in the order in which they feed one another: the backbone, then its heads. */
export interface VariantFiles {
  readonly target: string;
  readonly components: readonly { readonly component: string; readonly bytes: Uint8Array; readonly digest: string }[];
}

/** A variant loaded in an engine host of its own, so that its memory is its own. */
export interface HostedVariant {
  readonly target: string;
  readonly engine: Target["engine"];
  readonly model: LoadedModel;
  /** Resident bytes that loading and running it have added so far, at their highest. */
  readonly grownBytes: () => number;
  readonly close: () => Promise<void>;
}

/** Starts the engine that a variant's files are for and loads it there. @throws what the engine throws, such as `bad-model` */
export async function hostVariant(variant: VariantFiles, threads: number): Promise<HostedVariant> {
  const engine = variant.components.some(({ bytes }) => isTflite(bytes)) ? "tflite" : "onnxruntime";
  const host = await startEngineHost({ engine, threads });
  try {
    const before = host.residentBytes();
    const model = await host.load(variant.components.map(({ component, bytes }) => ({ name: component, bytes })));
    return { target: variant.target, engine, model, grownBytes: growthOf(host, before), close: () => host.close() };
  } catch (error) {
    await host.close();
    throw error;
  }
}

/** What timing needs. */
export interface TimingOptions {
  readonly rounds: number;
  readonly warmupRounds: number;
}

/**
 * Times variants one image at a time, interleaved: every round runs each variant once on the same image, the order
 * turning by one from round to round. Returns the engine's own microseconds per variant, ascending.
 */
export async function timeInterleaved(
  variants: readonly HostedVariant[],
  images: readonly Readonly<Record<string, Tensor>>[],
  { rounds, warmupRounds }: TimingOptions,
): Promise<readonly Float64Array[]> {
  const times = variants.map(() => new Float64Array(rounds));
  for (let round = -warmupRounds; round < rounds; round += 1) {
    const inputs = images[(round + warmupRounds) % images.length]!;
    for (let turn = 0; turn < variants.length; turn += 1) {
      const index = (turn + round + warmupRounds) % variants.length;
      const { runUs } = await variants[index]!.model.run(inputs);
      if (round >= 0) times[index]![round] = runUs;
    }
  }
  return times.map((each) => each.toSorted());
}

/** The value below which a share of ascending values lies. */
export function quantileOf(ascending: Float64Array, share: number): number {
  return ascending[Math.min(ascending.length - 1, Math.floor(share * ascending.length))]!;
}

function growthOf(host: EngineHost, before: number): () => number {
  let highest = 0;
  return () => {
    highest = Math.max(highest, host.residentBytes() - before);
    return highest;
  };
}
