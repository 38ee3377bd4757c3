import assert from "node:assert/strict";
import { test } from "node:test";
import { attribute } from "../graph/graph.ts";
import { GraphBuilder } from "../graph/graph-builder.ts";
import { verifyGraph } from "../graph/verify-graph.ts";
import { moveReluBehindMaxPool } from "./move-relu-behind-max-pool.ts";

const window = { kernel_shape: attribute.ints([2, 2]), strides: attribute.ints([2, 2]) };

test("pools before it cuts off, and keeps the names that others read", () => {
  const graph = moveReluBehindMaxPool(chain(false));
  assert.deepEqual(
    verifyGraph(graph, "the move").nodes.map(({ op, outputs }) => [op, outputs[0]]),
    [
      ["MaxPool", "cut"],
      ["Relu", "pooled"],
    ],
  );
});

test("leaves a ReLU alone whose value others read", () => {
  assert.deepEqual(
    moveReluBehindMaxPool(chain(true)).nodes.map(({ op }) => op),
    ["Relu", "MaxPool", "Neg"],
  );
});

function chain(isReadTwice: boolean) {
  const builder = new GraphBuilder("chain");
  const cut = builder.add("Relu", [builder.input("x", "float32", [1, 1, 4, 4])], { outputs: ["cut"] });
  builder.output(builder.add("MaxPool", [cut], { outputs: ["pooled"], attributes: window }));
  if (isReadTwice) builder.output(builder.add("Neg", [cut]));
  return builder.build();
}
