import { meanLuma, preprocess, type RawImage } from "../operators/index.ts";
import type { LoadedRelease } from "../releases/index.ts";
import { type HeadOpinion, readHead } from "./head-answer.ts";

/** What a release's models say of one frame; luma: mean of what the models saw, 0–255 · runUs: spent in the engine. */
export interface FrameAnswer {
  readonly heads: Readonly<Record<string, HeadOpinion>>;
  readonly embedding: Float32Array;
  readonly luma: number;
  readonly runUs: number;
}

/**
 * Takes one frame through decode, preprocess, backbone and heads of a release.
 * @throws {EdgeRuntimeError} what the operators and the engine throw, `bad-output`
 */
export async function answerFrame(release: LoadedRelease, image: Uint8Array | RawImage): Promise<FrameAnswer> {
  const { plan } = release;
  const pixels = await preprocess(plan.preprocess, image);
  const { embedding, logits, runUs } = await release.run(pixels.data);
  const heads = plan.heads.map((head) => [head.name, readHead(head, logits[head.name] ?? noLogits)] as const);
  return { heads: Object.fromEntries(heads), embedding, luma: meanLuma(pixels), runUs };
}

const noLogits = new Float32Array(0);
