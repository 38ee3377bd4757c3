import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { CompilerError } from "../errors.ts";
import { decodeMessage, encodeMessage } from "./codec.ts";

const suiteDir = join(import.meta.dirname, "../../../../shared/datasets/onnx-node-tests");
const skip = existsSync(suiteDir) ? false : `the ONNX node tests are not at ${suiteDir}`;

test("writes every model of the ONNX test suites back byte for byte", { skip }, () => {
  let models = 0;
  for (const archive of ["onnx-node.tar.gz", "onnx-pytorch-simple.tar.gz"]) {
    for (const [name, bytes] of filesOf(gunzipSync(readFileSync(join(suiteDir, archive))))) {
      if (!name.endsWith(".onnx")) continue;
      models++;
      assert.equal(Buffer.compare(encodeMessage("Model", decodeMessage("Model", bytes)), bytes), 0, name);
    }
  }
  assert.equal(models, 1942);
});

test("writes every tensor of the ONNX node tests back byte for byte", { skip }, () => {
  for (const [name, bytes] of filesOf(gunzipSync(readFileSync(join(suiteDir, "onnx-node.tar.gz"))))) {
    if (!name.endsWith(".pb") || /sequence|optional|identity_opt|loop1[36]|if_opt|if_seq/.test(name)) continue;
    assert.equal(Buffer.compare(encodeMessage("Tensor", decodeMessage("Tensor", bytes)), bytes), 0, name);
  }
});

test("keeps raw_data as a view into the file", () => {
  const bytes = encodeMessage("Tensor", { dims: [2], dataType: 2, rawData: Uint8Array.of(7, 9) });
  const tensor = decodeMessage("Tensor", bytes);
  assert.equal(tensor.rawData?.buffer, bytes.buffer);
});

test("keeps fields that the schema does not know", () => {
  const known = encodeMessage("OperatorSetId", { version: 17 });
  const bytes = Uint8Array.of(...known, 0xfa, 0x7f, 2, 1, 2);
  const message = decodeMessage("OperatorSetId", bytes);
  assert.equal(message.version, 17);
  assert.deepEqual(encodeMessage("OperatorSetId", message), bytes);
});

test("carries 64-bit integers exactly in both signs", () => {
  const ints = [0, -1, 127, 128, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 2n ** 63n - 1n, -(2n ** 63n)];
  assert.deepEqual(decodeMessage("Attribute", encodeMessage("Attribute", { ints })).ints, ints);
});

test("refuses a truncated model at every length with malformed-model or reads a shorter one", () => {
  const bytes = sampleModel();
  for (let length = 0; length < bytes.length; length++) refusesOrReads(bytes.subarray(0, length));
});

test("refuses damaged bytes with an error and never hangs", () => {
  const bytes = sampleModel();
  const damage = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(damage, (edits) => {
      const damaged = bytes.slice();
      for (const [index, byte] of edits) damaged[index] = byte;
      refusesOrReads(damaged);
    }),
    { seed: 1, numRuns: 2000 },
  );
});

test("refuses messages nested too deeply instead of overflowing the stack", () => {
  let type = encodeMessage("Type", {});
  for (let depth = 0; depth < 400; depth++) type = wrapped(wrapped(type, 1), 4);
  assert.throws(() => decodeMessage("Type", type), { code: "malformed-model" });
});

function sampleModel(): Uint8Array {
  return encodeMessage("Model", {
    irVersion: 8,
    opsetImport: [{ domain: "", version: 17 }],
    graph: {
      name: "g",
      node: [{ input: ["x", "w"], output: ["y"], opType: "Gemm", attribute: [{ name: "alpha", f: 0.5, type: 1 }] }],
      initializer: [{ dims: [2, 2], dataType: 1, floatData: Float32Array.of(1, 2, 3, 4), name: "w" }],
      input: [
        { name: "x", type: { tensorType: { elemType: 1, shape: { dim: [{ dimParam: "N" }, { dimValue: 2 }] } } } },
      ],
    },
  });
}

function refusesOrReads(bytes: Uint8Array): void {
  try {
    encodeMessage("Model", decodeMessage("Model", bytes));
  } catch (error) {
    assert.ok(error instanceof CompilerError && error.code === "malformed-model", String(error));
  }
}

function wrapped(inner: Uint8Array, field: number): Uint8Array {
  const length: number[] = [];
  for (let rest = inner.length; ; rest = Math.floor(rest / 128)) {
    length.push(rest >= 128 ? (rest % 128) | 128 : rest);
    if (rest < 128) break;
  }
  return Uint8Array.from([field * 8 + 2, ...length, ...inner]);
}

function* filesOf(tar: Uint8Array): Generator<[name: string, bytes: Uint8Array]> {
  const text = new TextDecoder();
  for (let offset = 0; offset + 512 <= tar.length; ) {
    const name = text.decode(tar.subarray(offset, offset + 100)).split("\0", 1)[0] as string;
    if (name === "") return;
    const size = Number.parseInt(text.decode(tar.subarray(offset + 124, offset + 136)), 8);
    yield [name, tar.subarray(offset + 512, offset + 512 + size)];
    offset += 512 + Math.ceil(size / 512) * 512;
  }
}
