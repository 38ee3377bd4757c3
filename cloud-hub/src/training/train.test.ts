import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { floatsOf, parseModel } from "@fieldloop/compiler";
import { startInlineEngine } from "@fieldloop/edge-runtime/engine";
import { encodePng } from "@fieldloop/edge-runtime/operators";
import type { TrainingEvent } from "./event-log.ts";
import { jobPaths, type ManifestLine } from "./job-directory.ts";
import { tinyHeads, type tinyRecipe, writeTinyJob } from "./tiny-job.fixture.ts";
import { train } from "./train.ts";
import { runTrainingJob } from "./training-job.ts";

const folder = mkdtempSync(join(tmpdir(), "fieldloop-training-"));
after(() => rmSync(folder, { recursive: true, force: true }));
let jobs = 0;
const newDir = () => join(folder, `job-${++jobs}`);
const never = new AbortController().signal;

test("learns, reports and leaves a model that other engines read", async () => {
  const dir = newDir();
  writeTinyJob(dir);
  const events: TrainingEvent[] = [];
  assert.equal(await train(dir, { signal: never, onEvent: (event) => events.push(event) }), "done");

  const losses = events.filter(({ type }) => type === "metrics").map(({ values }) => values!.loss!);
  assert.ok(losses.at(-1)! < losses[0]! / 2, String(losses));
  assert.deepEqual(
    events.map(({ type }) => type).filter((type) => type !== "metrics" && type !== "progress"),
    ["checkpoint", "checkpoint", "done"],
  );
  assert.deepEqual(readEvents(dir), events);

  const result = JSON.parse(readFileSync(jobPaths(dir).result, "utf8"));
  assert.deepEqual(result.validation.colour, { accuracy: 1, n: 16 });
  const description = JSON.parse(readFileSync(join(jobPaths(dir).model, "model.json"), "utf8"));
  assert.deepEqual(
    description.heads.map(({ name, classes }: { name: string; classes: unknown }) => ({ name, classes })),
    tinyHeads,
  );
  const engine = await startInlineEngine();
  const graphs = ["backbone", "colour", "kind"].map((name) => ({
    name,
    bytes: join(jobPaths(dir).model, `${name}.onnx`),
  }));
  const model = await engine.load(graphs);
  assert.deepEqual(
    model.outputs.map(({ name }) => name),
    ["embedding", "colour", "kind"],
  );
  await engine.close();
});

test("gives the same weights for the same seed and others for another", async () => {
  const [one, again, other] = await Promise.all([trained({}), trained({}), trained({ seed: 4 })]);
  assert.deepEqual(again, one);
  assert.notDeepEqual(other, one);
});

test("stops on abort with a checkpoint and goes on to the very weights of a run that never stopped", async () => {
  const whole = await trained({});
  const dir = newDir();
  writeTinyJob(dir);
  const stop = new AbortController();
  const stopAfter = (event: TrainingEvent) => event.type === "metrics" && event.step === 15 && stop.abort();
  assert.equal(await train(dir, { signal: stop.signal, onEvent: stopAfter }), "stopped");
  assert.deepEqual(
    readEvents(dir)
      .slice(-2)
      .map(({ type, step }) => [type, step]),
    [
      ["checkpoint", 15],
      ["stopped", 15],
    ],
  );

  writeTinyJob(dir, { resume: true });
  assert.equal(await train(dir, { signal: never }), "done");
  assert.deepEqual(weightsOf(dir), whole);
});

test("refuses to go on from a checkpoint of another recipe", async () => {
  const dir = newDir();
  writeTinyJob(dir);
  await train(dir, { signal: never });
  writeTinyJob(dir, { resume: true, recipe: { learningRate: 0.001 } });
  await assert.rejects(train(dir, { signal: never }), { code: "run-failed" });
});

test("begins with a base model's weights and gives a head with other classes new ones", async () => {
  const first = newDir();
  writeTinyJob(first);
  await train(first, { signal: never });
  const model = jobPaths(first).model;
  const base = {
    backbone: join(model, "backbone.onnx"),
    heads: { colour: join(model, "colour.onnx"), kind: join(model, "kind.onnx") },
  };
  const second = newDir();
  const heads = [tinyHeads[0]!, { name: "kind", classes: ["warm", "cold", "new"] }];
  writeTinyJob(second, { base, recipe: { heads, steps: 5, learningRate: 1e-6 } });
  const events: TrainingEvent[] = [];
  await train(second, { signal: never, onEvent: (event) => events.push(event) });
  assert.match(events[0]?.text ?? "", /kind/);
  const [before, now] = [first, second].map((dir) =>
    parseModel(readFileSync(join(jobPaths(dir).model, "colour.onnx"))),
  );
  const weight = "colour.dense.weight";
  const [a, b] = [floatsOf(before!.initializers.get(weight)!), floatsOf(now!.initializers.get(weight)!)];
  assert.ok(a.every((value, index) => Math.abs(value - b[index]!) < 1e-4));
});

test("reads PNG blobs as it reads raw pixels", async () => {
  const dir = newDir();
  const lines = writeTinyJob(dir);
  const pixels = readFileSync(join(dir, "input", "pixels.rgb"));
  const encoded: ManifestLine[] = [];
  for (const { pixels: raw, ...line } of lines) {
    const data = new Uint8Array(pixels.subarray(raw!.offset, raw!.offset + 192));
    writeFileSync(join(dir, `${line.sample}.png`), await encodePng({ data, width: 8, height: 8 }));
    encoded.push({ ...line, path: `${line.sample}.png` });
  }
  writeFileSync(join(dir, "input", "manifest.jsonl"), encoded.map((line) => `${JSON.stringify(line)}\n`).join(""));
  await train(dir, { signal: never });
  assert.deepEqual(weightsOf(dir), await trained({}));
});

test("names the sample whose image cannot be read and the label that no head has", async () => {
  const cases: [Partial<ManifestLine>, string, RegExp][] = [
    [{ pixels: { path: "input/pixels.rgb", offset: 1_000_000 } }, "bad-image", /sample s1:/],
    [{ labels: { colour: "green" } }, "unknown-label", /"green"/],
  ];
  for (const [change, code, message] of cases) {
    const dir = newDir();
    const lines = writeTinyJob(dir).map((line, index) => (index === 1 ? { ...line, ...change } : line));
    writeFileSync(join(dir, "input", "manifest.jsonl"), lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    await assert.rejects(train(dir, { signal: never }), { code, message });
  }
});

test("refuses a recipe with every problem at once", async () => {
  const dir = newDir();
  writeTinyJob(dir, { recipe: { steps: 0, batch: "many" } });
  await assert.rejects(train(dir, { signal: never }), {
    code: "bad-recipe",
    message: /\/steps.*\/batch|\/batch.*\/steps/s,
  });
});

test("runs as a program: done, stopped by SIGTERM, and failed with its reason in failure.txt", async () => {
  const done = newDir();
  writeTinyJob(done);
  assert.equal(await runTrainingJob(done, { signal: never }), "done");
  assert.deepEqual(weightsOf(done), await trained({}));

  const stopped = newDir();
  writeTinyJob(stopped, { recipe: { steps: 100_000 } });
  const stop = new AbortController();
  const ending = runTrainingJob(stopped, { signal: stop.signal, onEvent: () => stop.abort() });
  assert.equal(await ending, "stopped");

  const failed = newDir();
  writeTinyJob(failed, { recipe: { steps: 0 } });
  await assert.rejects(runTrainingJob(failed, { signal: never }), { code: "run-failed", message: /steps/ });
  assert.match(readFileSync(jobPaths(failed).failure, "utf8"), /steps/);
});

async function trained(recipe: Partial<typeof tinyRecipe>): Promise<readonly Float32Array[]> {
  const dir = newDir();
  writeTinyJob(dir, { recipe });
  await train(dir, { signal: never });
  return weightsOf(dir);
}

function weightsOf(dir: string): readonly Float32Array[] {
  return ["backbone", "colour", "kind"].flatMap((name) => {
    const graph = parseModel(readFileSync(join(jobPaths(dir).model, `${name}.onnx`)));
    return [...graph.initializers.values()].filter((tensor) => tensor.dtype === "float32").map(floatsOf);
  });
}

function readEvents(dir: string): readonly TrainingEvent[] {
  return readFileSync(jobPaths(dir).events, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}
