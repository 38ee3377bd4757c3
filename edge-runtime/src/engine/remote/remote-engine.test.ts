import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { onnxContractGraphs } from "../contract-cases.ts";
import type { Engine } from "../engine.ts";
import { engineContract } from "../engine-contract.ts";
import type { Tensor } from "../tensor.ts";
import { tinyTfliteBackbone } from "../tflite/tiny-tflite.ts";
import { tinyBackbone, tinyHead } from "../tiny-onnx.ts";
import type { Deployment } from "./model-deployment.ts";
import { type RemoteEngineOptions, startRemoteEngine } from "./remote-engine.ts";
import { type StandInOptions, StandInServer } from "./stand-in-server.ts";

const root = await mkdtemp(join(tmpdir(), "fieldloop-remote-"));
after(() => rm(root, { recursive: true, force: true }));
const trtexec = fileURLToPath(new URL("../../../fixtures/stand-in-trtexec.mjs", import.meta.url));
let folders = 0;
const folder = () => join(root, `${++folders}`);

/** A server and an engine that ends together with it. */
async function served(options: StandInOptions, how: Omit<RemoteEngineOptions, "address">): Promise<Engine> {
  const server = await StandInServer.start(options);
  const engine = await startRemoteEngine({ ...how, address: server.address });
  return {
    load: (graphs) => engine.load(graphs),
    close: async () => {
      await engine.close();
      await server.close().catch(() => undefined); // the contract closes twice
    },
  };
}

engineContract("the remote engine over TCP, with uploads", () => served({}, { deploy: { kind: "upload" } }));
engineContract("the remote engine over a Unix socket, with a repository", () => {
  const repository = folder();
  return served({ repository, socketPath: `${repository}.sock` }, { deploy: { kind: "files", folder: repository } });
});
engineContract("the remote engine with TensorRT plans", () => {
  const repository = folder();
  return served(
    { repository, plans: "8601" },
    { deploy: { kind: "files", folder: repository }, build: standInBuild(`${repository}-plans`) },
  );
});

function standInBuild(cache: string, env: readonly string[] = []) {
  const program = ["env", ...env, process.execPath, trtexec];
  return { command: [...program, "--onnx={onnx}", "--saveEngine={plan}"], version: [...program, "--help"], cache };
}

const backbone = { name: "backbone", bytes: tinyBackbone() };
const sign = { name: "sign", bytes: tinyHead("sign") };
const image: Tensor = { dtype: "uint8", shape: [1, 2, 2, 3], data: new Uint8Array(12).fill(7) };

async function standIn(t: TestContext, options: StandInOptions = {}): Promise<StandInServer> {
  const server = await StandInServer.start(options);
  t.after(() => server.close().catch(() => undefined));
  return server;
}

describe("a remote engine's deployment", () => {
  test("writes a repository in which a digest decides names and versions, and takes it away again", async (t) => {
    const repository = folder();
    const server = await standIn(t, { repository });
    const deploy: Deployment = { kind: "files", folder: repository };
    const engine = await startRemoteEngine({ address: server.address, deploy });
    await engine.load([backbone]);
    const [name = ""] = await readdir(repository);
    assert.equal(name, `fieldloop-backbone-${createHash("sha256").update(backbone.bytes).digest("hex").slice(0, 12)}`);
    const version = String(Number.parseInt(name.slice(-12), 16) + 1);
    assert.deepEqual((await readdir(join(repository, name))).sort(), [version, "config.pbtxt"].sort());
    assert.deepEqual(new Uint8Array(await readFile(join(repository, name, version, "model.onnx"))), backbone.bytes);
    assert.equal(
      await readFile(join(repository, name, "config.pbtxt"), "utf8"),
      `name: "${name}"\nbackend: "onnxruntime"\ndefault_model_filename: "model.onnx"\nmax_batch_size: 0\nversion_policy: { specific: { versions: [ ${version} ] } }\n`,
    );
    await engine.close();
    assert.deepEqual(await readdir(repository), []);
    assert.deepEqual(server.loaded, []);
  });

  test("leaves a model that another release on this device still uses", async (t) => {
    const server = await standIn(t);
    const options = { address: server.address, deploy: { kind: "upload" } } as const;
    const [first, second] = [await startRemoteEngine(options), await startRemoteEngine(options)];
    await first.load([backbone]);
    const model = await second.load([backbone, sign]);
    await first.close();
    assert.equal(server.loaded.length, 2);
    await assert.doesNotReject(model.run({ image }));
    await second.close();
    assert.deepEqual(server.loaded, []);
  });

  test("waits for a server that polls its repository and takes no load calls", async (t) => {
    const repository = folder();
    const server = await standIn(t, { repository, mayLoad: false });
    const deploy: Deployment = { kind: "files", folder: repository };
    const engine = await startRemoteEngine({ address: server.address, deploy });
    t.after(() => engine.close());
    const polls = setInterval(() => void server.poll().catch(() => undefined), 100);
    t.after(() => clearInterval(polls));
    assert.equal((await engine.load([sign])).outputs[0]?.name, "sign");
    const upload = await startRemoteEngine({ address: server.address, deploy: { kind: "upload" } });
    t.after(() => upload.close());
    await assert.rejects(upload.load([backbone]), { code: "engine-unavailable", message: /explicit/ });
  });

  test("gives up a model that does not become ready", async (t) => {
    const repository = folder();
    const server = await standIn(t, { repository, mayLoad: false });
    const deploy: Deployment = { kind: "files", folder: repository };
    const engine = await startRemoteEngine({ address: server.address, deploy, loadTimeoutMs: 200 });
    t.after(() => engine.close());
    await assert.rejects(engine.load([sign]), { code: "load-timeout" });
    assert.deepEqual(await readdir(repository), []);
  });

  test("names a repository that cannot be written, and a format that it does not deploy", async (t) => {
    const server = await standIn(t);
    const deploy: Deployment = { kind: "files", folder: trtexec };
    const engine = await startRemoteEngine({ address: server.address, deploy });
    t.after(() => engine.close());
    await assert.rejects(engine.load([sign]), { code: "engine-unavailable", message: /model repository .*trtexec/ });
    await assert.rejects(engine.load([{ name: "lite", bytes: tinyTfliteBackbone() }]), { code: "bad-model" });
  });
});

describe("a remote engine's TensorRT plans", () => {
  test("are built once for a graph, a version and a command", async (t) => {
    const log = folder();
    const repository = folder();
    const server = await standIn(t, { repository, plans: "8601" });
    const start = (env: readonly string[]) =>
      startRemoteEngine({
        address: server.address,
        deploy: { kind: "files", folder: repository },
        build: standInBuild(`${repository}-plans`, [`STAND_IN_LOG=${log}`, ...env]),
      });
    for (const graphs of [[backbone], [backbone, sign], [sign]]) {
      const engine = await start([]);
      await engine.load(graphs);
      await engine.close();
    }
    assert.equal((await readFile(log, "utf8")).trim().split("\n").length, 2);
    assert.equal((await readdir(`${repository}-plans`)).length, 2, "nothing half built is left");
    const newer = await start(["STAND_IN_TENSORRT=100001"]);
    t.after(() => newer.close());
    await assert.rejects(newer.load([backbone]), { code: "bad-model", message: /built with/ });
    assert.equal((await readFile(log, "utf8")).trim().split("\n").length, 3, "another version builds anew");
  });

  test("that cannot be built are named", async (t) => {
    const server = await standIn(t);
    const cases = [
      { build: { ...standInBuild(folder()), version: ["no-such-trtexec"] }, message: /no such program/ },
      { build: { ...standInBuild(folder()), version: ["true"] }, message: /prints no \[TensorRT v/ },
      { build: standInBuild(folder(), ["STAND_IN_FAILS=1"]), message: /Failed to parse onnx file/ },
      { build: { ...standInBuild(folder()), command: ["true"] }, message: /wrote no plan/ },
      { build: { ...standInBuild(folder()), command: ["sleep", "9"], timeoutMs: 50 }, message: /too long/ },
    ];
    for (const { build, message } of cases) {
      const engine = await startRemoteEngine({ address: server.address, deploy: { kind: "upload" }, build });
      await assert.rejects(engine.load([backbone]), { code: "build-failed", message });
      await engine.close();
    }
  });
});

describe("a remote engine's server", () => {
  test("that is not there is named when the engine starts", async () => {
    const deploy: Deployment = { kind: "upload" };
    for (const address of ["http://127.0.0.1:9", `unix:${folder()}`, "ftp://127.0.0.1"])
      await assert.rejects(startRemoteEngine({ address, deploy }), { code: "server-unreachable" });
  });

  test("that dies ends a run with a named error, and its address serves again once it is back", async (t) => {
    const socketPath = folder();
    const first = await StandInServer.start({ socketPath });
    const options = { address: first.address, deploy: { kind: "upload" } } as const;
    const engine = await startRemoteEngine(options);
    const model = await engine.load([backbone]);
    await model.run({ image });
    await first.close();
    await assert.rejects(model.run({ image }), { code: "server-unreachable" });
    await standIn(t, { socketPath });
    await assert.rejects(model.run({ image }), { code: "server-refused", message: /unknown model/ });
    await engine.close();
    const again = await startRemoteEngine(options);
    t.after(() => again.close());
    await assert.doesNotReject((await again.load([backbone])).run({ image }));
  });

  test("that does not answer in time loses the run, and the next one is asked", async (t) => {
    const server = await standIn(t);
    const proxy = await slowProxy(t, server.address, /infer$/);
    const engine = await startRemoteEngine({ address: proxy.address, deploy: { kind: "upload" }, runTimeoutMs: 100 });
    t.after(() => engine.close());
    const model = await engine.load([backbone]);
    await assert.rejects(model.run({ image }), { code: "run-timeout", message: /100 ms/ });
    proxy.heal();
    await assert.doesNotReject(model.run({ image }, 5_000));
  });

  test("that answers too much or nonsense is refused", async (t) => {
    const server = await standIn(t);
    const small = await startRemoteEngine({ address: server.address, deploy: { kind: "upload" }, maxAnswerBytes: 400 });
    t.after(() => small.close());
    const model = await small.load([sign]);
    const embedding: Tensor = { dtype: "float32", shape: [200, 4], data: new Float32Array(800) };
    await assert.rejects(model.run({ embedding }), { code: "frame-too-large" });
    const liar = await answering(t, (path) => (path === "/v2/health/ready" ? "{}" : '{"inputs": 7}'));
    const engine = await startRemoteEngine({ address: liar, deploy: { kind: "upload" } });
    t.after(() => engine.close());
    await assert.rejects(engine.load([sign]), { code: "server-refused", message: /protocol/ });
  });

  test("has so many requests waiting at most", async (t) => {
    const server = await standIn(t);
    const engine = await startRemoteEngine({ address: server.address, deploy: { kind: "upload" }, maxWaiting: 2 });
    t.after(() => engine.close());
    const model = await engine.load([onnxContractGraphs.backbone]);
    const accepted = [model.run({ image }), model.run({ image }), model.run({ image })];
    await assert.rejects(model.run({ image }), { code: "engine-busy" });
    await Promise.all(accepted);
  });
});

/** Passes everything on but what matches, until it is healed. */
async function slowProxy(t: TestContext, to: string, stuck: RegExp) {
  let isStuck = true;
  const address = await listening(
    t,
    createServer(async (request, response) => {
      if (isStuck && stuck.test(request.url ?? "")) return;
      const { method, headers } = request;
      const kept = Object.entries(headers).filter(([name]) => !["host", "connection"].includes(name));
      const chunks: Uint8Array[] = [];
      for await (const chunk of request) chunks.push(chunk as Uint8Array);
      const body = method === "POST" ? Buffer.concat(chunks) : undefined;
      const answer = await fetch(`${to}${request.url}`, { method, body, headers: kept as [string, string][] });
      response.writeHead(answer.status, Object.fromEntries(answer.headers));
      response.end(new Uint8Array(await answer.arrayBuffer()));
    }),
  );
  return { address, heal: () => (isStuck = false) };
}

function answering(t: TestContext, answer: (path: string) => string): Promise<string> {
  return listening(
    t,
    createServer((request, response) => void response.end(answer(request.url ?? ""))),
  );
}

async function listening(t: TestContext, server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
