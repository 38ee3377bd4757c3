import assert from "node:assert/strict";
import { test } from "node:test";
import { engineFingerprint } from "./fingerprint.ts";

test("names the engine, the processor and what changes integer kernels", () => {
  const intel = engineFingerprint("model name\t: Zen 4\nflags\t\t: fpu avx2 avx512f avx512_vnni sse\n");
  assert.equal(intel.cpu, "Zen 4");
  assert.deepEqual(intel.cpuFeatures, ["avx2", "avx512_vnni", "avx512f"]);
  assert.match(intel.version, /^1\./);
  assert.deepEqual(engineFingerprint("Features\t: fp asimd asimddp\n").cpuFeatures, ["asimd", "asimddp"]);
});

test("describes this machine without being told", () => {
  assert.equal(engineFingerprint().arch, process.arch);
});
