import assert from "node:assert/strict";
import { test } from "node:test";
import { attribute } from "./graph.ts";
import { GraphBuilder } from "./graph-builder.ts";
import { printGraph } from "./print-graph.ts";
import { floatScalar, floatTensor, int64Tensor } from "./tensor.ts";

test("prints one value a line with its type, small constants by value and omitted inputs as _", () => {
  const builder = new GraphBuilder("net");
  const x = builder.input("x", "float32", ["N", 2, 4, 4]);
  const w = builder.initializer("w", floatTensor(new Float32Array(36), [2, 2, 3, 3]));
  const y = builder.add("Conv", [x, w], { outputs: ["y"], attributes: { pads: attribute.ints([1, 1, 1, 1]) } });
  const top = builder.initializer("top", floatScalar(6));
  const clipped = builder.add("Clip", [y, "", top], { outputs: ["clipped"] });
  const shape = builder.initializer("shape", int64Tensor([0, -1]));
  const flat = builder.add("Reshape", [clipped, shape], { outputs: ["flat"] });
  builder.append({
    op: "Cast",
    domain: "",
    name: "as_half",
    inputs: [flat],
    outputs: ["half"],
    attributes: { to: attribute.int(10) },
  });
  builder.add("Swirl", ["half"], { outputs: ["odd"], domain: "com.acme", attributes: { alpha: attribute.float(0.1) } });
  builder.output("half");
  assert.equal(
    printGraph(builder.build()),
    [
      "graph net (opset 17)",
      "  reads x : float32 [N, 2, 4, 4]",
      "  const w : float32 [2, 2, 3, 3], 144 bytes",
      "  const top : float32 [] = 6",
      "  const shape : int64 [2] = [0, -1]",
      "  y = Conv(x, w) {pads: [1, 1, 1, 1]} : float32 [N, 2, 4, 4]",
      "  clipped = Clip(y, _, top) : float32 [N, 2, 4, 4]",
      "  flat = Reshape(clipped, shape) : float32 [N, 32]",
      "  half = Cast(flat) {to: float16} : float16 [N, 32]  # as_half",
      "  odd = com.acme.Swirl(half) {alpha: 0.1} : ?",
      "  gives half : float16 [N, 32]",
    ].join("\n"),
  );
});
