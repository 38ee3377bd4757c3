import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, test } from "node:test";
import { datasetFolder } from "../datasets.ts";
import { judgeCase } from "./onnx-nodes/judge-case.ts";
import { judgeTypes } from "./onnx-nodes/judge-types.ts";
import { type NodeCase, readNodeCases } from "./onnx-nodes/node-cases.ts";
import { NodeRunner } from "./onnx-nodes/node-runner.ts";
import { isSame } from "./onnx-nodes/same-answer.ts";
import { isInsideRange } from "./onnx-nodes/verdict-table.ts";

const found = datasetFolder("onnx-node-tests");
const skip = "why" in found ? found.why : false;
const cases = "dir" in found ? readNodeCases(found.dir, "node") : [];
const runner = new NodeRunner();
after(() => runner.close());

test("sixty node cases, chosen by the hash of their names, keep bytes and answers", { skip }, async () => {
  const verdicts = [];
  for (const nodeCase of chosen(60)) verdicts.push(await judgeCase(nodeCase, runner));
  assert.ok(verdicts.filter(({ raw }) => raw === "passes").length > 30);
  for (const verdict of verdicts) {
    const { name, pipeline } = verdict;
    assert.ok(verdict.isByteIdentical, name);
    assert.ok(pipeline.kind !== "wrong" && pipeline.kind !== "crashed", `${name}: ${JSON.stringify(pipeline)}`);
    const types = await judgeTypes(caseNamed(name), runner);
    assert.deepEqual(types?.contradicted ?? [], [], name);
    if (pipeline.kind === "refused" && isInsideRange(verdict)) assert.equal(pipeline.code, "control-flow", name);
  }
});

test("layers and networks of old exporters run, also those that onnxruntime itself no longer runs", {
  skip,
}, async () => {
  for (const name of ["test_operator_add_broadcast", "test_PReLU_2d_multiparam", "test_BatchNorm2d_eval"]) {
    const old = readNodeCases("dir" in found ? found.dir : "", "exported").find((each) => each.name === name)!;
    const { raw, pipeline } = await judgeCase(old, runner);
    assert.deepEqual([raw, pipeline], ["fails", { kind: "same", opset: 17 }], name);
  }
});

test("another answer, a file that the engine refuses and an error without a name are found out", { skip }, async () => {
  const [relu, abs] = [caseNamed("test_relu"), caseNamed("test_abs")];
  const kindWith = async (compile: () => Promise<Uint8Array>) => (await judgeCase(relu, runner, compile)).pipeline.kind;
  assert.equal(await kindWith(async () => relu.model), "same");
  assert.equal(await kindWith(async () => abs.model), "wrong");
  assert.equal(await kindWith(async () => relu.model.slice(0, -1)), "wrong");
  assert.equal(await kindWith(() => Promise.reject(new TypeError("planted"))), "crashed");
  assert.equal((await judgeCase({ ...relu, outputs: abs.outputs }, runner)).raw, "differs");
});

test("a process that ends under a model costs that model alone", { skip }, async () => {
  const { model } = caseNamed("test_relu");
  const running = runner.run({ model, inputs: new Map() });
  assert.deepEqual("error" in (await running), true);
  const second = new NodeRunner();
  const pending = second.run({ model, inputs: new Map() });
  second.close();
  assert.ok("crash" in (await pending));
  assert.ok("error" in (await second.run({ model, inputs: new Map() })));
  second.close();
});

test("answers are compared within the suite's tolerance, not a number being one of its own", () => {
  const tensor = (values: readonly number[], shape = [values.length]) => ({
    dtype: "float32" as const,
    shape,
    bytes: new Uint8Array(Float32Array.from(values).buffer),
  });
  assert.ok(isSame(tensor([1000.5, Number.NaN]), tensor([1000, Number.NaN])));
  assert.ok(!isSame(tensor([1002]), tensor([1000])));
  assert.ok(!isSame(tensor([Number.NaN]), tensor([0])));
  assert.ok(!isSame(tensor([Number.POSITIVE_INFINITY]), tensor([0])));
  assert.ok(!isSame(tensor([1, 2]), tensor([1, 2], [2, 1])));
  assert.ok(!isSame(undefined, tensor([0])));
});

function caseNamed(name: string): NodeCase {
  return cases.find((each) => each.name === name)!;
}

function chosen(count: number): readonly NodeCase[] {
  const hash = ({ name }: NodeCase) => createHash("sha256").update(name).digest("hex");
  return cases.toSorted((left, right) => (hash(left) < hash(right) ? -1 : 1)).slice(0, count);
}
