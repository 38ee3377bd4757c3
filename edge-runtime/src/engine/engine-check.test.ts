import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { EngineChoice } from "@fieldloop/devices";
import { checkEngine } from "./engine-check.ts";
import { startEngineHost } from "./engine-host.ts";
import { builtProviders } from "./onnxruntime/onnx-graph.ts";
import { StandInServer } from "./remote/stand-in-server.ts";
import { tinyHead } from "./tiny-onnx.ts";

type Remote = Extract<EngineChoice, { engine: "remote" }>;

const root = await mkdtemp(join(tmpdir(), "fieldloop-engine-check-"));
after(() => rm(root, { recursive: true, force: true }));
const trtexec = fileURLToPath(new URL("../../fixtures/stand-in-trtexec.mjs", import.meta.url));
const program = [process.execPath, trtexec];

test("a server is checked as a release would use it, and left as it was", async (t) => {
  const server = await StandInServer.start({ repository: root, plans: "8601" });
  t.after(() => server.close());
  const build = { command: [...program, "--onnx={onnx}", "--saveEngine={plan}"], version: [...program, "--help"] };
  const remote = (options: Pick<Remote, "deploy" | "build">): Remote => ({
    engine: "remote",
    families: ["tensorrt"],
    address: server.address,
    ...options,
  });
  const good = await checkEngine(remote({ deploy: { kind: "files", folder: root }, build }));
  assert.equal(good.runs, true, good.why);
  assert.deepEqual([server.loaded, await readdir(root)], [[], []]);
  const cases = [
    { deploy: { kind: "files", folder: join(root, "none") }, build, why: /model repository .* absent; make it/ },
    {
      deploy: { kind: "upload" },
      build: { ...build, version: ["no-trtexec"] },
      why: /no such program; install TensorRT/,
    },
    { deploy: { kind: "upload" }, build: { ...build, command: ["false"] }, why: /it ended with 1/ },
  ];
  for (const { why, ...wrong } of cases) {
    const check = await checkEngine(remote(wrong as Pick<Remote, "deploy" | "build">));
    assert.equal(check.runs, false);
    assert.match(check.why, why);
  }
});

test("an execution provider that this machine lacks is named when a graph is loaded", async (t) => {
  const built = builtProviders();
  assert.equal(built[0], "cpu");
  const absent = (["cuda", "tensorrt", "webgpu"] as const).find((provider) => !built.includes(provider));
  // The build for x86-64 lists CUDA, whose libraries are not installed with it.
  const host = await startEngineHost({ providers: [absent ?? "cuda", "cpu"] });
  t.after(() => host.close());
  await assert.rejects(host.load([{ name: "sign", bytes: tinyHead("sign") }]), { code: "provider-absent" });
  await assert.rejects(host.load([{ name: "junk", bytes: Uint8Array.of(1, 2) }]), {
    code: absent === undefined ? "bad-model" : "provider-absent",
  });
});
