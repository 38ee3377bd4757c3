import Type, { type Static } from "typebox";
import { Compile } from "typebox/compile";
import { EdgeRuntimeError } from "../../errors.ts";
import type { Port } from "../engine.ts";
import type { Tensor } from "../tensor.ts";
import { datatypes, decodeInferAnswer, dtypeOf, encodeInferRequest } from "./infer-message.ts";
import { type Answer, type Question, ServerConnection } from "./server-connection.ts";

/** How a server is asked. */
export interface ClientOptions {
  /** `http://host:port[/path]`, or `unix:/path/of.sock`. */
  readonly address: string;
  /** The largest answer that is taken; 256 MiB unless said otherwise. */
  readonly maxAnswerBytes?: number;
  /** How long anything but a run may take; 10 s unless said otherwise. */
  readonly askTimeoutMs?: number;
}

/** A model on a server; without a version the server chooses. */
export interface ServedModel {
  readonly name: string;
  readonly version?: string;
}

const ServerSchema = Type.Object({
  name: Type.String({ maxLength: 256 }),
  version: Type.Optional(Type.String({ maxLength: 256 })),
  extensions: Type.Optional(Type.Array(Type.String({ maxLength: 256 }), { maxItems: 256 })),
});
/** What a server says of itself. */
export type ServerFacts = Static<typeof ServerSchema>;

const PortSchema = Type.Object({
  name: Type.String({ maxLength: 1024 }),
  datatype: Type.String({ maxLength: 16 }),
  shape: Type.Array(Type.Integer(), { maxItems: 16 }),
});
const PortsSchema = Type.Object({
  inputs: Type.Array(PortSchema, { maxItems: 1024 }),
  outputs: Type.Array(PortSchema, { maxItems: 1024 }),
});
const serverFacts = Compile(ServerSchema);
const ports = Compile(PortsSchema);

/** Speaks the Open Inference Protocol v2 with one server; tensors travel as bytes. */
export class InferenceClient {
  readonly #connection: ServerConnection;
  readonly #askTimeoutMs: number;

  /** @throws {EdgeRuntimeError} `server-unreachable` for an address that is none */
  constructor({ address, maxAnswerBytes = 256 * 1024 ** 2, askTimeoutMs = 10_000 }: ClientOptions) {
    this.#connection = new ServerConnection(address, maxAnswerBytes);
    this.#askTimeoutMs = askTimeoutMs;
  }

  get address(): string {
    return this.#connection.address;
  }

  /** Whether the server lives, or (with `ready`) takes requests. */
  async isHealthy(what: "live" | "ready", signal?: AbortSignal): Promise<boolean> {
    return (await this.#ask({ method: "GET", path: `v2/health/${what}`, signal })).status === 200;
  }

  async isModelReady(model: ServedModel, signal?: AbortSignal): Promise<boolean> {
    return (await this.#ask({ method: "GET", path: `${pathOf(model)}/ready`, signal })).status === 200;
  }

  /** @throws {EdgeRuntimeError} `server-unreachable`, `server-refused` */
  async facts(signal?: AbortSignal): Promise<ServerFacts> {
    const said = jsonOf(requireOk(await this.#ask({ method: "GET", path: "v2", signal }), "metadata"));
    if (!serverFacts.Check(said)) throw refused("gives metadata that do not follow the protocol");
    return said;
  }

  /** What a model takes and gives; a free first dimension is "N". */
  async ports(model: ServedModel, signal?: AbortSignal): Promise<{ inputs: Port[]; outputs: Port[] }> {
    const said = jsonOf(requireOk(await this.#ask({ method: "GET", path: pathOf(model), signal }), "metadata"));
    if (!ports.Check(said)) throw refused(`gives metadata of model "${model.name}" that do not follow the protocol`);
    return {
      inputs: said.inputs.map((port) => portOf(model.name, port)),
      outputs: said.outputs.map((port) => portOf(model.name, port)),
    };
  }

  /**
   * Runs a model once.
   * @throws {EdgeRuntimeError} `server-unreachable`, `server-refused`, `frame-too-large`, or the signal's reason
   */
  async infer(
    model: ServedModel,
    inputs: Readonly<Record<string, Tensor>>,
    outputs: readonly string[],
    signal?: AbortSignal,
  ): Promise<Record<string, Tensor>> {
    const { headBytes, parts } = encodeInferRequest(inputs, outputs);
    const answer = await this.#connection.ask({
      method: "POST",
      path: `${pathOf(model)}/infer`,
      headers: { "Content-Type": "application/octet-stream", "Inference-Header-Content-Length": String(headBytes) },
      parts,
      signal,
    });
    requireOk(answer, `inference by "${model.name}"`);
    const head = answer.headers["inference-header-content-length"];
    return decodeInferAnswer(answer.body, head === undefined ? undefined : Number(head));
  }

  /**
   * Asks the server to load a model from its repository, or from what `parameters` carry.
   * @throws {EdgeRuntimeError} `server-unreachable`, `server-refused`
   */
  async load(model: string, parameters: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<void> {
    const body = Object.keys(parameters).length === 0 ? {} : { parameters };
    requireOk(await this.#post(`v2/repository/models/${encodeURIComponent(model)}/load`, body, signal), "loading");
  }

  async unload(model: string, signal?: AbortSignal): Promise<void> {
    requireOk(await this.#post(`v2/repository/models/${encodeURIComponent(model)}/unload`, {}, signal), "unloading");
  }

  close(): void {
    this.#connection.close();
  }

  #post(path: string, body: object, signal?: AbortSignal): Promise<Answer> {
    const headers = { "Content-Type": "application/json" };
    return this.#ask({ method: "POST", path, headers, parts: [Buffer.from(JSON.stringify(body))], signal });
  }

  #ask(question: Question): Promise<Answer> {
    if (question.signal) return this.#connection.ask(question);
    return within(this.#askTimeoutMs, `The server at ${this.address} was asked for ${question.path}`, (signal) =>
      this.#connection.ask({ ...question, signal }),
    );
  }
}

/**
 * Does work that a signal ends after `ms`.
 * @throws {EdgeRuntimeError} `load-timeout` with a sentence that begins by `what`
 */
export async function within<T>(ms: number, what: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const late = () =>
    controller.abort(new EdgeRuntimeError("load-timeout", `${what} and did not finish within ${ms} ms; try again.`));
  const timer = setTimeout(late, ms);
  try {
    return await work(controller.signal);
  } finally {
    clearTimeout(timer);
  }
}

function pathOf({ name, version }: ServedModel): string {
  const path = `v2/models/${encodeURIComponent(name)}`;
  return version === undefined ? path : `${path}/versions/${version}`;
}

function portOf(model: string, { name, datatype, shape }: Static<typeof PortSchema>): Port {
  const dtype = dtypeOf(datatype);
  if (dtype === undefined) {
    const known = Object.values(datatypes).join(", ");
    throw new EdgeRuntimeError(
      "bad-model",
      `Model "${model}" has port "${name}" of ${datatype}, which no engine carries; give it one out of ${known}.`,
    );
  }
  return { name, dtype, shape: shape.map((dim, axis) => (dim >= 0 ? dim : axis === 0 ? "N" : `D${axis}`)) };
}

function requireOk(answer: Answer, what: string): Answer {
  if (answer.status >= 200 && answer.status < 300) return answer;
  const said = jsonOf(answer, {}) as { error?: unknown; detail?: unknown };
  const sentence = String(said.error ?? said.detail ?? "").slice(0, 1000);
  throw refused(`refused ${what} with status ${answer.status}: ${sentence || "it says no more"}`);
}

function jsonOf({ body }: Answer, otherwise?: object): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch (cause) {
    if (otherwise !== undefined) return otherwise;
    throw refused("answers what is no JSON", cause);
  }
}

function refused(what: string, cause?: unknown): EdgeRuntimeError {
  return new EdgeRuntimeError("server-refused", `The inference server ${what}.`, { cause });
}
