import { readdir, readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { EdgeRuntimeError } from "../../errors.ts";
import type { Engine, LoadedModel, Port } from "../engine.ts";
import { startInlineEngine } from "../inline-engine.ts";
import type { Tensor } from "../tensor.ts";
import { datatypes, decodeInferRequest, encodeInferAnswer } from "./infer-message.ts";
import { wholeBody } from "./whole-body.ts";

/** How a stand-in serves. plans: the TensorRT version whose plans it takes; ONNX files only without it */
export interface StandInOptions {
  /** A socket's path; a free port of the loopback unless given. */
  readonly socketPath?: string;
  /** The model repository; models come by the load call alone without it. */
  readonly repository?: string;
  readonly plans?: string;
  /** Whether models may be loaded by request; true unless said otherwise. */
  readonly mayLoad?: boolean;
  /** Whether floating-point answers come back to front, as from a server with a bad kernel. */
  readonly lies?: boolean;
}

interface Served {
  readonly version: string;
  readonly model: LoadedModel;
}

/**
 * An Open Inference Protocol v2 server for tests, where no Triton runs: it keeps Triton's rules of repository, load call and
 * binary tensors, and answers by a real onnxruntime. The "plans" of the stand-in `trtexec` are ONNX behind a version line.
 */
export class StandInServer {
  readonly #options: StandInOptions;
  readonly #engine: Engine;
  readonly #http: Server;
  readonly #models = new Map<string, Served>();
  /** Every request, in order: method and path. */
  readonly asked: string[] = [];

  private constructor(options: StandInOptions, engine: Engine) {
    this.#options = options;
    this.#engine = engine;
    this.#http = createServer((request, response) => {
      this.asked.push(`${request.method} ${request.url}`);
      this.#answer(request).then(
        ({ status = 200, headers = {}, parts }) => {
          const length = parts.reduce((sum, part) => sum + part.byteLength, 0);
          response.writeHead(status, { "Content-Length": length, ...headers });
          response.end(Buffer.concat(parts));
        },
        (error: Error) => {
          const status = error instanceof Missing ? 404 : 400;
          response.writeHead(status, { "Content-Type": "application/json" });
          response.end(JSON.stringify({ error: error.message }));
        },
      );
    });
  }

  /** Starts a server that holds no model yet. */
  static async start(options: StandInOptions = {}): Promise<StandInServer> {
    const server = new StandInServer(options, await startInlineEngine());
    const { socketPath } = options;
    await new Promise<void>((resolve, reject) => {
      server.#http.once("error", reject);
      if (socketPath === undefined) server.#http.listen(0, "127.0.0.1", resolve);
      else server.#http.listen(socketPath, resolve);
    });
    return server;
  }

  get address(): string {
    const { socketPath } = this.#options;
    return socketPath === undefined
      ? `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`
      : `unix:${socketPath}`;
  }

  /** The names of the models that are loaded. */
  get loaded(): readonly string[] {
    return [...this.#models.keys()];
  }

  /** Ends at once, as a server that is killed does. */
  async close(): Promise<void> {
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
    await this.#engine.close();
  }

  async #answer(request: IncomingMessage): Promise<Reply> {
    const path = (request.url ?? "").split("?")[0] ?? "";
    const body = await bodyOf(request);
    const asked = /^\/v2\/models\/([^/]+)(?:\/versions\/([^/]+))?(?:\/(ready|infer))?$/.exec(path);
    if (path === "/v2") return json(serverFacts);
    if (/^\/v2\/health\/(live|ready)$/.test(path)) return json({});
    const control = /^\/v2\/repository\/models\/([^/]+)\/(load|unload)$/.exec(path);
    if (control !== null) return this.#control(control[1] as string, control[2] as string, body);
    if (asked === null) throw new Missing(`no such path: ${path}`);
    const [, name = "", version, what] = asked;
    const { model } = this.#find(decodeURIComponent(name), version);
    if (what === "ready") return json({});
    if (what === "infer") {
      const run = this.#options.lies === true ? lying(model) : model;
      return infer(name, run, body, request.headers["inference-header-content-length"]);
    }
    const ports = (list: readonly Port[]) => list.map(described);
    return json({ name, versions: [version], inputs: ports(model.inputs), outputs: ports(model.outputs) });
  }

  #find(name: string, version: string | undefined): Served {
    const served = this.#models.get(name);
    if (served !== undefined && (version === undefined || version === served.version)) return served;
    throw new Missing(`Request for unknown model: '${name}' version ${version ?? "any"} is not found`);
  }

  async #control(encoded: string, what: string, body: Uint8Array): Promise<Reply> {
    const name = decodeURIComponent(encoded);
    if (this.#options.mayLoad === false)
      throw new Error(`explicit model ${what} / unload is not allowed if polling is enabled`);
    await this.#models.get(name)?.model.unload();
    this.#models.delete(name);
    if (what === "load") this.#models.set(name, await this.#load(name, body));
    return json({});
  }

  /** What a server that polls does now and then: loads what lies in its repository. */
  async poll(): Promise<void> {
    for (const name of await readdir(this.#options.repository ?? "."))
      this.#models.set(name, await this.#load(name, new Uint8Array()));
  }

  async #load(name: string, body: Uint8Array): Promise<Served> {
    const { parameters } = JSON.parse(Buffer.from(body).toString("utf8") || "{}") as { parameters?: LoadParameters };
    const { version, file, bytes } = parameters
      ? uploaded(parameters)
      : await stored(join(this.#options.repository ?? "", name), name);
    const onnx = file === "model.plan" ? this.#graphOfPlan(bytes) : bytes;
    return { version, model: await this.#engine.load([{ name, bytes: onnx }]) };
  }

  #graphOfPlan(bytes: Uint8Array): Uint8Array {
    const end = bytes.indexOf(10);
    const line = Buffer.from(bytes.subarray(0, end)).toString("latin1");
    if (line !== `stand-in plan of TensorRT v${this.#options.plans}`)
      throw new Error(`the plan was built with "${line}", not with TensorRT v${this.#options.plans}`);
    return bytes.slice(end + 1);
  }
}

type LoadParameters = Readonly<Record<string, string>>;

interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly parts: readonly Uint8Array[];
}

class Missing extends Error {}

const maxBodyBytes = 256 * 1024 ** 2;
const serverFacts = { name: "stand-in", version: "1", extensions: ["binary_tensor_data", "model_repository"] };

function json(value: object): Reply {
  return { headers: { "Content-Type": "application/json" }, parts: [Buffer.from(JSON.stringify(value))] };
}

function bodyOf(request: IncomingMessage): Promise<Uint8Array> {
  return wholeBody(request, maxBodyBytes, () => new Error(`a request may have ${maxBodyBytes} bytes`));
}

function described({ name, dtype, shape }: Port) {
  return { name, datatype: datatypes[dtype], shape: shape.map((dim) => (typeof dim === "number" ? dim : -1)) };
}

function lying(model: LoadedModel): Pick<LoadedModel, "run"> {
  return {
    async run(inputs) {
      const result = await model.run(inputs);
      const outputs = Object.entries(result.outputs).map(([name, tensor]): [string, Tensor] =>
        tensor.data instanceof Float32Array ? [name, { ...tensor, data: tensor.data.toReversed() }] : [name, tensor],
      );
      return { ...result, outputs: Object.fromEntries(outputs) };
    },
  };
}

async function infer(name: string, model: Pick<LoadedModel, "run">, body: Uint8Array, head: unknown): Promise<Reply> {
  const { inputs, outputs } = decodeInferRequest(body, head === undefined ? undefined : Number(head));
  const given = (await model.run(inputs)).outputs;
  const asked = (outputs ?? Object.keys(given)).map((output): [string, Tensor] => {
    const tensor = given[output];
    if (tensor === undefined) throw new Error(`unexpected inference output '${output}' for model '${name}'`);
    return [output, tensor];
  });
  const { headBytes, parts } = encodeInferAnswer(name, Object.fromEntries(asked));
  return {
    headers: { "Content-Type": "application/octet-stream", "Inference-Header-Content-Length": String(headBytes) },
    parts,
  };
}

function uploaded(parameters: LoadParameters) {
  const found = Object.entries(parameters).find(([key]) => key.startsWith("file:"));
  const [, version, file] = /^file:(\d+)\/(.+)$/.exec(found?.[0] ?? "") ?? [];
  if (found === undefined || version === undefined || file === undefined || parameters.config === undefined)
    throw new Error("a model that comes with its load call needs its config and its file");
  requireConfig(JSON.stringify(JSON.parse(parameters.config)), version);
  return { version, file, bytes: new Uint8Array(Buffer.from(found[1], "base64")) };
}

async function stored(home: string, name: string) {
  const config = await readFile(join(home, "config.pbtxt"), "utf8").catch(() => {
    throw new Error(`failed to load '${name}', failed to poll from model repository`);
  });
  const [version = ""] = (await readdir(home)).filter((entry) => /^[1-9]\d*$/.test(entry));
  const file = /default_model_filename: "([^"]+)"/.exec(config)?.[1] ?? "";
  if (!config.includes(`name: "${name}"`)) throw new Error(`the configuration is not that of '${name}'`);
  requireConfig(config, version);
  return { version, file, bytes: new Uint8Array(await readFile(join(home, version, file))) };
}

function requireConfig(config: string, version: string): void {
  if (!config.includes(version))
    throw new EdgeRuntimeError("bad-model", `the configuration serves no version ${version}`);
}
