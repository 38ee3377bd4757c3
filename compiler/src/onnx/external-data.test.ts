import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { parseModel, serializeModel } from "../graph/model.ts";
import { floatsOf } from "../graph/tensor.ts";
import { encodeMessage } from "./codec.ts";
import { externalDataIn } from "./external-data-in.ts";

let dir: string;
let models: string;

before(async () => {
  dir = await mkdtemp(join(tmpdir(), "fieldloop-external-"));
  models = join(dir, "models");
  await mkdir(join(models, "deep"), { recursive: true });
  const floats = new Uint8Array(Float32Array.of(9, 1, 2, 9).buffer);
  await writeFile(join(models, "weights.bin"), floats);
  await writeFile(join(models, "deep", "weights.bin"), floats);
  await writeFile(join(dir, "secret.bin"), floats);
  await symlink(join(dir, "secret.bin"), join(models, "link.bin"));
  await symlink(dir, join(models, "up"));
});
after(() => rm(dir, { recursive: true }));

test("reads a range of a file in the model's folder, below it too", () => {
  for (const location of ["weights.bin", "deep/weights.bin", "./weights.bin"]) {
    assert.deepEqual([...read({ location, offset: "4", length: "8" })], [1, 2]);
  }
  assert.deepEqual([...read({ location: "weights.bin", offset: "4" })], [1, 2]);
  assert.deepEqual([...read({ location: "weights.bin", checksum: "none" })], [9, 1]);
});

test("a model read with its weights is written with them inside", () => {
  const graph = parseModel(model({ location: "weights.bin", offset: "4" }), {
    readExternalData: externalDataIn(models),
  });
  assert.deepEqual([...floatsOf(parseModel(serializeModel(graph)).initializers.get("w")!)], [1, 2]);
});

test("refuses paths that leave the folder, and links, naming them", () => {
  const refused: readonly (readonly [location: string, sentence: RegExp])[] = [
    ["../secret.bin", /"\.\.\/secret\.bin", which leaves the folder by "\.\."/],
    ["deep/../../secret.bin", /leaves the folder/],
    ["/etc/passwd", /no path inside/],
    ["C:weights.bin", /no path inside/],
    ["..\\secret.bin", /backslash/],
    ["weights.bin\0.png", /zero byte/],
    ["", /names no file/],
    ["link.bin", /reached by the link "link\.bin"/],
    ["up/secret.bin", /reached by the link "up"/],
    ["absent.bin", /"absent\.bin" is not in/],
    ["deep", /no plain file/],
  ];
  for (const [location, message] of refused) {
    assert.throws(() => read({ location }), { code: "external-data", message }, location);
  }
});

test("refuses ranges that the file or the tensor does not have, before it reads", () => {
  const location = "weights.bin";
  assert.throws(() => read({ location, offset: "12" }), { code: "external-data", message: /which has 16/ });
  assert.throws(() => read({ location, offset: "-4" }), { code: "external-data", message: /offset "-4"/ });
  assert.throws(() => read({ location, offset: "1e1" }), { code: "external-data" });
  assert.throws(() => read({ location, length: "4" }), { code: "malformed-model", message: /needs 8 bytes, but 4/ });
  assert.throws(() => read({ location, length: "99999999999999999999" }), { code: "external-data" });
  assert.throws(() => read({ location }, 2 ** 40), { code: "external-data", message: /which has 16/ });
});

test("refuses outside weights where no folder is named", () => {
  assert.throws(() => parseModel(model({ location: "weights.bin" })), {
    code: "external-data",
    message: /its data lies in "weights.bin"; name the folder/,
  });
});

function read(entries: Readonly<Record<string, string>>, size = 2): Float32Array {
  const { initializers } = parseModel(model(entries, size), { readExternalData: externalDataIn(models) });
  return floatsOf(initializers.get("w")!);
}

function model(entries: Readonly<Record<string, string>>, size = 2): Uint8Array {
  const externalData = Object.entries(entries).map(([key, value]) => ({ key, value }));
  const tensor = { name: "w", dims: [size], dataType: 1, dataLocation: 1, externalData };
  return encodeMessage("Model", { irVersion: 8, graph: { initializer: [tensor] } });
}
