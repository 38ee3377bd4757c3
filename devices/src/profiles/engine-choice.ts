import Type, { type Static } from "typebox";

/** What the files of a target need to run: the first word of its name tells. */
export const TargetFamilySchema = Type.Enum(["onnx", "tflite", "cuda", "tensorrt"]);
export type TargetFamily = Static<typeof TargetFamilySchema>;

const FamiliesSchema = Type.Array(TargetFamilySchema, { minItems: 1, maxItems: 4 });
const CommandSchema = Type.Array(Type.String({ maxLength: 1000 }), { minItems: 1, maxItems: 64 });

/** onnxruntime in a process of its own. providers: what computes, the first that can */
const OnnxruntimeSchema = Type.Object({
  engine: Type.Literal("onnxruntime"),
  families: FamiliesSchema,
  providers: Type.Array(Type.Enum(["cpu", "cuda", "tensorrt", "webgpu"]), { minItems: 1, maxItems: 4 }),
  threads: Type.Optional(Type.Integer({ minimum: 1, maximum: 256 })),
});

/** TensorFlow Lite in a process of its own. */
const TfliteSchema = Type.Object({ engine: Type.Literal("tflite"), families: FamiliesSchema });

/**
 * An Open Inference Protocol v2 server on or near the device.
 * address: `http://host:port[/path]` or `unix:/path/of.sock` · deploy: how models get there, as files in the server's model
 * repository (`folder`, as this device sees it) or inside its load call · build: makes TensorRT plans on the device; in
 * `command` {onnx} and {plan} stand for files, `version` prints `[TensorRT v…]`
 */
const RemoteSchema = Type.Object({
  engine: Type.Literal("remote"),
  families: FamiliesSchema,
  address: Type.String({ pattern: "^(http://|unix:/)", maxLength: 300 }),
  deploy: Type.Union([
    Type.Object({ kind: Type.Literal("files"), folder: Type.String({ minLength: 1, maxLength: 1000 }) }),
    Type.Object({ kind: Type.Literal("upload") }),
  ]),
  build: Type.Optional(Type.Object({ command: CommandSchema, version: CommandSchema })),
});

/** An engine that a kind of machine may run models in, its options, and the families of targets it takes. */
export const EngineChoiceSchema = Type.Union([OnnxruntimeSchema, TfliteSchema, RemoteSchema]);
export type EngineChoice = Static<typeof EngineChoiceSchema>;

/** onnxruntime on the processor, and TensorFlow Lite: what runs on every machine. */
export const processorEngines: readonly EngineChoice[] = [
  { engine: "onnxruntime", families: ["onnx"], providers: ["cpu"] },
  { engine: "tflite", families: ["tflite"] },
];

/** The family of a target. */
export function targetFamily(target: string): TargetFamily {
  if (/^tflite(-|$)/.test(target)) return "tflite";
  if (/^(tensorrt|trt)(-|$)/.test(target)) return "tensorrt";
  if (/^(ort-)?cuda(-|$)/.test(target)) return "cuda";
  return "onnx";
}
