import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { generateKeyPair } from "@fieldloop/devices";
import sharp from "sharp";
import { startInlineEngine } from "../engine/inline-engine.ts";
import { writeIdentity } from "../identity/identity.ts";
import { desire, makeTinyRelease, writeBundle } from "../releases/tiny-release.ts";
import { openRuntime } from "../runtime.ts";
import { TinyHub } from "../uplink/tiny-hub.ts";

const program = fileURLToPath(new URL("./main.ts", import.meta.url));
const root = await mkdtemp(join(tmpdir(), "fieldloop-cli-"));
after(() => rm(root, { recursive: true, force: true }));
const keys = generateKeyPair();
const release = await makeTinyRelease(keys);

/** A device that holds a release, and its hub. */
async function device(t: TestContext) {
  const hub = await TinyHub.start(keys);
  t.after(() => hub.close());
  const dir = join(root, `device-${performance.now()}`);
  await writeIdentity(dir, hub.identity());
  await writeBundle(`${dir}-bundle`, release, desire(keys, release.digest, 1));
  const runtime = await openRuntime(dir, { startEngine: () => startInlineEngine(), uplink: false });
  assert.ok((await runtime.offerBundle(`${dir}-bundle`)).accepted);
  await runtime.close();
  return dir;
}

interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<{ code: number | null; out: string; err: string }>;
  /** Resolves with the next line of standard output. */
  line(): Promise<string>;
}

function start(...args: readonly string[]): Started {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const child = spawn(process.execPath, ["--conditions=fieldloop", program, ...args], { env, stdio: "pipe" });
  let out = "";
  let err = "";
  let read = 0;
  child.stdout.on("data", (chunk) => (out += chunk));
  child.stderr.on("data", (chunk) => (err += chunk));
  const ended = once(child, "close").then(([code]) => ({ code: code as number | null, out, err }));
  const line = async () => {
    for (let end = out.indexOf("\n", read); ; end = out.indexOf("\n", read)) {
      if (end < 0) await Promise.race([once(child.stdout, "data"), ended.then(({ err }) => assert.fail(err))]);
      else {
        const text = out.slice(read, end);
        read = end + 1;
        return text;
      }
    }
  };
  return { child, ended, line };
}

const png = async (background: string) =>
  sharp({ create: { width: 4, height: 4, channels: 3, background } })
    .png()
    .toBuffer();

function framed(image: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(image.byteLength);
  return Buffer.concat([length, image]);
}

test("answers images from standard input as JSON lines and ends with them", async (t) => {
  const dir = await device(t);
  const run = start("run", "--source", "-", "--json", "--data", dir);
  for (const colour of ["red", "green", "blue"]) run.child.stdin?.write(framed(await png(colour)));
  run.child.stdin?.write(framed(Buffer.from("no image")));
  run.child.stdin?.end();
  const { code, out } = await run.ended;
  const lines = out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.equal(code, 0);
  assert.deepEqual(
    lines.map(({ source }) => source),
    ["#1", "#2", "#3", "#4"],
  );
  assert.ok(lines.slice(0, 3).every((line) => line.release === release.digest && line.heads.sign.class));
  assert.equal(lines[3].error.code, "image-unsupported");
});

test("watches a folder, tells its status while it runs, and stops cleanly on Ctrl-C", async (t) => {
  const dir = await device(t);
  const images = `${dir}-images`;
  await mkdir(images);
  await sharp(await png("red")).toFile(join(images, "a.png"));
  const run = start("run", "--source", images, "--data", dir);
  assert.match(await run.line(), /^a\.png {2}sign \w+ \(\d+ %\) {2}category \w+/);
  await sharp(await png("blue")).toFile(join(images, "b.png"));
  assert.match(await run.line(), /^b\.png/);
  const status = await start("status", "--json", "--data", dir).ended;
  const said = JSON.parse(status.out);
  assert.deepEqual([said.isRunning, said.device, said.frames.answered], [true, "reader-1", 2]);
  const text = (await start("status", "--data", dir).ended).out;
  assert.match(text, /frames +2 answered of 2/);
  run.child.kill("SIGINT");
  assert.equal((await run.ended).code, 0);
  assert.match((await start("status", "--data", dir).ended).out, /is not running/);
});

test("stops on Ctrl-C while it waits for its first release, although standard input stays open", async (t) => {
  const hub = await TinyHub.start(keys);
  t.after(() => hub.close());
  const dir = join(root, "unreleased");
  await writeIdentity(dir, hub.identity());
  const run = start("run", "--source", "-", "--data", dir);
  await once(run.child.stderr!, "data");
  run.child.kill("SIGINT");
  const limit = setTimeout(() => run.child.kill("SIGKILL"), 60_000);
  assert.equal((await run.ended).code, 0);
  clearTimeout(limit);
});

test("says which engines run here, in the order of this very machine, and why not the others", async () => {
  const dir = join(root, "doctor");
  await mkdir(dir);
  const engines = [
    { engine: "remote", families: ["tensorrt"], address: `unix:${dir}/triton.sock`, deploy: { kind: "upload" } },
    { engine: "tflite", families: ["tflite"] },
    { engine: "onnxruntime", families: ["onnx"], providers: ["cpu"] },
  ];
  await writeFile(join(dir, "engines.json"), JSON.stringify(engines));
  const json = await start("doctor", "--json", "--profile", "x86-64", "--data", dir).ended;
  const said = JSON.parse(json.out) as { profile: string; engines: { choice: object; runs: boolean; why: string }[] };
  assert.deepEqual([json.code, said.profile], [0, "x86-64"]);
  assert.deepEqual(
    said.engines.map(({ runs }) => runs),
    [false, true, true],
  );
  assert.deepEqual(
    said.engines.map(({ choice }) => choice),
    engines,
  );
  assert.match(said.engines[0]?.why ?? "", /Expected an inference server at .*triton\.sock.*start it/);
  const text = await start("doctor", "--profile", "x86-64", "--data", dir).ended;
  assert.match(text.out, /absent {2}remote unix:.*\n {4}Expected .*\nruns {2}tflite {2}for tflite targets\n/);
  await writeFile(join(dir, "engines.json"), JSON.stringify([{ engine: "remote", families: ["onnx"] }]));
  const wrong = await start("doctor", "--profile", "x86-64", "--data", dir).ended;
  assert.equal(wrong.code, 1);
  assert.match(wrong.err, /Expected a list of engines in .*engines\.json/);
});

test("says in one sentence what is wrong and fails", async (t) => {
  const dir = await device(t);
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [["run", "--source", "-", "--data", join(root, "nowhere")], /found no identity\.json; run "fieldloop-edge enrol/],
    [["enrol", "fl1_bad", "--data", join(root, "new")], /Expected an enrolment code that starts with fl1_/],
    [["run", "--source", join(root, "no-images"), "--data", dir], /Expected a folder of images at .*ENOENT/],
  ];
  for (const [args, sentence] of cases) {
    const { code, err } = await start(...args).ended;
    assert.equal(code, 1);
    assert.match(err, sentence);
    assert.doesNotMatch(err, /\n\s+at /, "no stack trace");
  }
});
