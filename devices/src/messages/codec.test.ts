import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import test from "node:test";
import { decodeMessage, encodeMessage, type Message, type MessageKind } from "./codec.ts";
import { confidenceBins, latencyBins, lumaBins } from "./sketch.ts";

const release = `sha256:${"ab".repeat(32)}`;
const epoch = "0123456789abcdef";
const heads = { sign: { index: 14, confidence: 0.75, margin: 0.5 } };
const bins = (length: number) => Array.from({ length }, (_, index) => index);

const examples: { readonly [Kind in Exclude<MessageKind, "golden">]: Message<Kind> } = {
  predictions: { v: 1, release, items: [{ frame: 7, at: 1_700_000_000_000, heads, track: "t1", latencyUs: 950 }] },
  sketch: {
    v: 1,
    release,
    windowStart: 1_700_000_000_000,
    windowMs: 5000,
    frames: 150,
    errors: 0,
    dropped: { busy: 2 },
    heads: { sign: { counts: [1, 2, 3], confidence: bins(confidenceBins) } },
    luma: bins(lumaBins),
    latency: bins(latencyBins),
    embedding: { n: 150, mean: Float32Array.of(0.5, -1), m2: Float32Array.of(2, 4) },
  },
  sample: {
    v: 1,
    release,
    frame: 7,
    at: 1_700_000_000_000,
    image: { encoding: "png", width: 32, height: 32, lossy: false, bytes: Uint8Array.of(137, 80, 78, 71) },
    reasons: [{ kind: "audit", probability: 0.05 }],
    inclusionProbability: 0.05,
    heads,
    embedding: Float32Array.of(1, 2),
    luma: 31.5,
    context: { track: "t1" },
  },
  outcome: { v: 1, prediction: `${epoch}-7`, outcome: "overridden", at: 1_700_000_000_000 },
  gap: { v: 1, lane: "samples", from: 3, to: 9, count: 7, reason: "quota" },
  halving: { v: 1, rate: 0.025, fromFrame: 900, at: 1_700_000_000_000 },
  "release-event": {
    v: 1,
    at: 1_700_000_000_000,
    number: 2,
    release,
    state: "refused",
    code: "digest-mismatch",
    reason: "…",
  },
  hello: {
    v: 1,
    profile: "x86-64",
    simulated: false,
    runtimeVersion: "0.1.0",
    engine: "onnxruntime 1.30.0",
    epoch,
    release: null,
    desiredNumber: 0,
    startedAt: 1_700_000_000_000,
    frames: 0,
    journal: { samples: { lastSeq: 4, waiting: 1, waitingBytes: 900, evicted: 0 } },
  },
  envelope: { v: 1, epoch, lane: "control", records: [{ seq: 1, at: 5, kind: "gap", body: Uint8Array.of(1, 2, 3) }] },
  receipt: { v: 1, fleet: "yard", device: "cam-1", epoch, lane: "samples", upTo: 41 },
  "desired-state": { v: 1, fleet: "yard", device: "cam-1", number: 3, release, issuedAt: 1_700_000_000_000 },
  command: { v: 1, command: "hello", issuedAt: 1_700_000_000_000 },
  signed: { v: 1, payload: Uint8Array.of(123, 125), signature: Uint8Array.of(9, 9) },
};

/** What was added to messages later; the golden bytes of how they were before stay as they are. */
const additions = {
  "hello-facts": [
    "hello",
    { ...examples.hello, release, temperatureC: 48.5, sentAt: 1_700_000_060_000, engineRestarts: 2 },
  ],
  "sketch-error-reasons": [
    "sketch",
    { ...examples.sketch, errors: 3, errorReasons: { "image-unreadable": 2, "bad-output": 1 } },
  ],
  "halving-count": ["halving", { ...examples.halving, halvings: 1 }],
} satisfies Record<string, readonly [MessageKind, unknown]>;

/** Golden files by name. */
const files: readonly { readonly name: string; readonly kind: keyof typeof examples; readonly value: unknown }[] = [
  ...Object.entries(examples).map(([kind, value]) => ({ name: kind, kind: kind as keyof typeof examples, value })),
  ...Object.entries(additions).map(([name, [kind, value]]) => ({ name, kind: kind as keyof typeof examples, value })),
];
const golden = new URL("../../golden/", import.meta.url);

/** Typed arrays as plain JSON, so that the twin of each golden file can be read by a person. */
const twin = (value: unknown): string =>
  `${JSON.stringify(
    value,
    (_, part: unknown) => {
      if (part instanceof Float32Array) return { float32: [...part] };
      if (isBufferJson(part)) return { hex: Buffer.from(part.data).toString("hex") };
      if (part instanceof Uint8Array) return { hex: Buffer.from(part).toString("hex") };
      return part;
    },
    2,
  )}\n`;

function isBufferJson(part: unknown): part is { data: number[] } {
  return typeof part === "object" && part !== null && (part as { type?: unknown }).type === "Buffer";
}

if (process.env.UPDATE_GOLDEN === "1") {
  for (const { name, kind, value } of files) {
    writeFileSync(new URL(`${name}.cbor`, golden), encodeMessage(kind, value as never));
    writeFileSync(new URL(`${name}.json`, golden), twin(value));
  }
}

for (const { name, kind, value } of files) {
  test(`the ${name} message keeps its golden bytes and their readable twin`, () => {
    const bytes = new Uint8Array(readFileSync(new URL(`${name}.cbor`, golden)));
    assert.deepEqual(encodeMessage(kind, value as never), bytes);
    assert.equal(twin(decodeMessage(kind, bytes)), readFileSync(new URL(`${name}.json`, golden), "utf8"));
  });

  test(`refuses a ${name} message cut at any byte`, () => {
    const bytes = encodeMessage(kind, value as never);
    for (let length = 0; length < bytes.length; length += 1) {
      assert.throws(() => decodeMessage(kind, bytes.subarray(0, length)), { code: "malformed-message" });
    }
  });
}

test("every kind but the large golden set has golden bytes", () => {
  assert.deepEqual(
    readdirSync(golden)
      .filter((name) => name.endsWith(".cbor"))
      .sort(),
    files.map(({ name }) => `${name}.cbor`).sort(),
  );
});

test("says which version it expected", () => {
  const bytes = encodeMessage("command", examples.command);
  const newer = Uint8Array.from(bytes, (byte, index) => (index === 3 ? 2 : byte));
  assert.throws(() => decodeMessage("command", newer), { code: "unknown-version" });
});

test("refuses a message larger than its kind may be before decoding it", () => {
  assert.throws(() => decodeMessage("gap", new Uint8Array(225 * 1024)), { code: "too-large" });
});
