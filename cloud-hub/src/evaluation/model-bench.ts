import { type EngineHost, type GraphSource, type LoadedModel, startEngineHost } from "@fieldloop/edge-runtime/engine";
import { type PreprocessSpec, type RawImage, startImageDecoder } from "@fieldloop/edge-runtime/operators";
import { type ModelAnswer, softmax } from "./answer.ts";

/** A version ready to be run: its baked graphs in order, backbone first. key: names them, so that loading is done once */
export type BenchModel = {
  readonly key: string;
  readonly graphs: readonly GraphSource[];
  readonly heads: readonly string[];
};

/** Where the hub decodes images and runs models: child processes, started when first needed. */
export type ModelBench = {
  /** Decodes an image in the bounded child; `spec` brings it to a model's input size. */
  readonly decode: (bytes: Uint8Array, spec?: PreprocessSpec) => Promise<RawImage>;
  /** Answers raw images of the model's input size, in order. */
  readonly answer: (model: BenchModel, images: readonly RawImage[]) => Promise<ModelAnswer[]>;
  readonly close: () => Promise<void>;
};

const batchSize = 64;
const loadedAtMost = 4;
/** Two decoders keep each other busy: one decodes while the other one's answer travels. */
const decodersAtMost = 2;

/** Opens the bench; nothing is started before it is used, and an engine that died is started anew. */
export function openModelBench(): ModelBench {
  const decoders = Array.from({ length: decodersAtMost }, () => startImageDecoder());
  const decoding = decoders.map((): Promise<unknown> => Promise.resolve());
  let lastDecoder = 0;
  let host: EngineHost | undefined;
  let loaded = new Map<string, LoadedModel>();
  let turn: Promise<unknown> = Promise.resolve();

  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = turn.then(work);
    turn = result.catch(() => undefined);
    return result;
  };
  const load = async (model: BenchModel): Promise<LoadedModel> => {
    if (host === undefined || host.exit !== undefined) {
      host = await startEngineHost({ runTimeoutMs: 60_000 });
      loaded = new Map();
    }
    const known = loaded.get(model.key);
    if (known !== undefined) return known;
    for (const [key, old] of [...loaded].slice(0, Math.max(0, loaded.size - loadedAtMost + 1))) {
      loaded.delete(key);
      await old.unload();
    }
    const fresh = await host.load(model.graphs);
    loaded.set(model.key, fresh);
    return fresh;
  };

  return {
    decode(bytes, spec) {
      lastDecoder = (lastDecoder + 1) % decoders.length;
      const own = lastDecoder;
      const result = decoding[own]!.then(() => decoders[own]!.decode(bytes, spec));
      decoding[own] = result.catch(() => undefined);
      return result;
    },
    answer: (model, images) =>
      inTurn(async () => {
        const answers: ModelAnswer[] = [];
        const runnable = await load(model);
        for (let start = 0; start < images.length; start += batchSize) {
          answers.push(...(await answerBatch(runnable, model.heads, images.slice(start, start + batchSize))));
        }
        return answers;
      }),
    async close() {
      await turn;
      for (const decoder of decoders) await decoder.close();
      await host?.close();
    },
  };
}

async function answerBatch(
  model: LoadedModel,
  heads: readonly string[],
  images: readonly RawImage[],
): Promise<ModelAnswer[]> {
  const { outputs } = await model.run({ image: stack(images) });
  return images.map((_, row) => ({
    heads: Object.fromEntries(
      heads.map((head) => {
        const logits = outputs[head]!;
        const classes = logits.shape[1] ?? 0;
        return [head, softmax(logits.data as Float32Array, row * classes, classes)];
      }),
    ),
    embedding: rowOf(outputs.embedding!.data as Float32Array, row, outputs.embedding!.shape[1] ?? 0),
  }));
}

const rowOf = (data: Float32Array, row: number, size: number): Float32Array => data.slice(row * size, (row + 1) * size);

function stack(images: readonly RawImage[]) {
  const { width, height } = images[0]!;
  const size = width * height * 3;
  const data = new Uint8Array(images.length * size);
  for (const [index, image] of images.entries()) data.set(image.data, index * size);
  return { dtype: "uint8" as const, shape: [images.length, height, width, 3], data };
}
