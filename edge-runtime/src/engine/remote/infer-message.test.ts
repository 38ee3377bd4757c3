import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { Tensor } from "../tensor.ts";
import { decodeInferAnswer, decodeInferRequest, encodeInferAnswer, encodeInferRequest } from "./infer-message.ts";
import { InferenceClient } from "./inference-client.ts";

const image: Tensor = { dtype: "uint8", shape: [1, 2, 3], data: Uint8Array.of(1, 2, 3, 4, 5, 6) };
const count: Tensor = { dtype: "int64", shape: [1], data: BigInt64Array.of(-(2n ** 62n)) };
const golden = new URL("../../../golden/infer-request.http", import.meta.url);

test("what goes over the wire is what is written down, byte for byte", async (t) => {
  const dir = await mkdtemp(join(tmpdir(), "fieldloop-wire-"));
  t.after(() => rm(dir, { recursive: true }));
  const received: Uint8Array[] = [];
  const server = createServer((socket) => {
    socket.on("data", (chunk) => {
      received.push(new Uint8Array(chunk));
      const bytes = Buffer.concat(received);
      const bodyAt = bytes.indexOf("\r\n\r\n") + 4;
      const length = Number(/content-length: (\d+)\r\n(?!.*content-length)/i.exec(bytes.toString("latin1"))?.[1]);
      if (bodyAt > 3 && bytes.length >= bodyAt + length)
        socket.end('HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{"outputs":[]}');
    });
  });
  await new Promise<void>((resolve) => server.listen(join(dir, "s"), resolve));
  const client = new InferenceClient({ address: `unix:${join(dir, "s")}` });
  assert.deepEqual(await client.infer({ name: "sign", version: "7" }, { image, count }, ["scores"]), {});
  client.close();
  server.close();
  const bytes = Buffer.concat(received);
  if (process.env.UPDATE_GOLDEN === "1") await writeFile(golden, bytes);
  assert.deepEqual(bytes, await readFile(golden));
});

describe("an infer message", () => {
  test("carries every element type there and back", () => {
    const tensors: Record<string, Tensor> = {
      image,
      count,
      a: { dtype: "float32", shape: [2], data: Float32Array.of(-0, Number.NaN) },
      b: { dtype: "float64", shape: [1, 1], data: Float64Array.of(Math.PI) },
      c: { dtype: "int8", shape: [3], data: Int8Array.of(-128, 0, 127) },
      d: { dtype: "int32", shape: [0, 4], data: new Int32Array(0) },
      e: { dtype: "bool", shape: [2], data: Uint8Array.of(0, 1) },
    };
    const request = encodeInferRequest(tensors, ["x"]);
    const read = decodeInferRequest(Buffer.concat(request.parts), request.headBytes);
    assert.deepEqual(read, { inputs: tensors, outputs: ["x"] });
    const answer = encodeInferAnswer("m", tensors);
    assert.deepEqual(decodeInferAnswer(Buffer.concat(answer.parts), answer.headBytes), tensors);
  });

  test("may carry its tensors as JSON, nested or flat", () => {
    const outputs = [
      {
        name: "a",
        shape: [2, 2],
        datatype: "FP32",
        data: [
          [1, 2],
          [3, 4.5],
        ],
      },
      { name: "b", shape: [2], datatype: "INT64", parameters: null, data: [7, -7] },
    ];
    const read = decodeInferAnswer(Buffer.from(JSON.stringify({ outputs })), undefined);
    assert.deepEqual(read.a, { dtype: "float32", shape: [2, 2], data: Float32Array.of(1, 2, 3, 4.5) });
    assert.deepEqual(read.b, { dtype: "int64", shape: [2], data: BigInt64Array.of(7n, -7n) });
  });

  test("that does not follow the protocol is refused", () => {
    const head = (output: object) =>
      JSON.stringify({ outputs: [{ name: "a", shape: [2], datatype: "FP32", ...output }] });
    const sized = (size: number) => ({ parameters: { binary_data_size: size } });
    const wrong: [string, number | undefined, number][] = [
      ["{", undefined, 0],
      ["{}", undefined, 0],
      ["[1]", 99, 0],
      [head({ datatype: "BF16", data: [1, 2] }), undefined, 0],
      [head({ data: [1] }), undefined, 0],
      [head({ datatype: "INT64", data: [1, 2 ** 60] }), undefined, 0],
      [head({ data: ["1", "2"] }), undefined, 0],
      [head({ shape: [-1], data: [] }), undefined, 0],
      [head({ shape: [2 ** 40], ...sized(8) }), head({ shape: [2 ** 40], ...sized(8) }).length, 8],
      [head(sized(8)), head(sized(8)).length, 4],
      [head(sized(8)), head(sized(8)).length, 12],
      [head(sized(4)), head(sized(4)).length, 4],
    ];
    for (const [text, headBytes, rest] of wrong) {
      const body = Buffer.concat([Buffer.from(text), new Uint8Array(rest)]);
      assert.throws(() => decodeInferAnswer(body, headBytes), { code: "server-refused" }, text);
    }
  });
});
