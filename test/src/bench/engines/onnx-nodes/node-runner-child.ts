import type { Tensor } from "@fieldloop/compiler";
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import type { RunAnswer, RunRequest } from "./node-runner.ts";

// The program of a node runner's process: one model a message, loaded, run once and let go.

const arrays = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Float16Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
} as const;

process.on("message", (request: RunRequest) => {
  void answer(request).then((reply) => process.send?.(reply));
});

async function answer({ model, inputs }: RunRequest): Promise<RunAnswer> {
  let session: InferenceSession | undefined;
  try {
    session = await InferenceSession.create(model, { intraOpNumThreads: 1, logSeverityLevel: 4 });
    const feeds = Object.fromEntries([...inputs].map(([name, tensor]) => [name, toOrt(tensor)]));
    const outputs = await session.run(feeds);
    return { outputs: new Map(session.outputNames.map((name) => [name, fromOrt(outputs[name]!)])) };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  } finally {
    await session?.release();
  }
}

function toOrt({ dtype, shape, bytes, strings }: Tensor): OrtTensor {
  const decoder = new TextDecoder();
  if (strings !== undefined)
    return new OrtTensor(
      "string",
      strings.map((each) => decoder.decode(each)),
      shape,
    );
  if (!(dtype in arrays)) throw new Error(`onnxruntime-node takes no ${dtype} from JavaScript`);
  const known = dtype as keyof typeof arrays; // just looked up
  const copy = new Uint8Array(bytes);
  const Constructor = arrays[known];
  const data = new Constructor(copy.buffer, 0, copy.byteLength / Constructor.BYTES_PER_ELEMENT);
  return new OrtTensor(known, data as never, shape); // the union of arrays matches the union of types pairwise
}

function fromOrt(tensor: OrtTensor): Tensor {
  const shape = [...tensor.dims];
  if (tensor.type === "string") {
    const encoder = new TextEncoder();
    const strings = (tensor.data as string[]).map((each) => encoder.encode(each)); // as the type says
    return { dtype: "string", shape, bytes: new Uint8Array(0), strings };
  }
  const data = tensor.data as ArrayBufferView;
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
  return { dtype: tensor.type as Tensor["dtype"], shape, bytes };
}
