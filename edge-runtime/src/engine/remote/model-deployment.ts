import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { EdgeRuntimeError } from "../../errors.ts";
import { type InferenceClient, within } from "./inference-client.ts";
import { holdModel, leaveModel } from "./model-holders.ts";

/**
 * How a model gets onto a server: as files in a repository that both see, or inside the load call.
 * folder: the server's model repository, as this device sees it
 */
export type Deployment = { readonly kind: "files"; readonly folder: string } | { readonly kind: "upload" };

/** A model as a server knows it; a digest decides its name and version. */
export interface DeployedModel {
  readonly name: string;
  readonly version: string;
}

/** What is deployed. key: hexadecimal digest of what decides the bytes */
export interface ModelFile {
  readonly graph: string;
  readonly key: string;
  readonly format: "onnx" | "plan";
  readonly bytes: Uint8Array;
}

const backends = {
  onnx: { backend: "onnxruntime", file: "model.onnx" },
  plan: { backend: "tensorrt", file: "model.plan" },
} as const;
const firstPollMs = 20;
const mostPollMs = 1_000;

/**
 * Brings models to a server and takes them away again.
 * @throws {EdgeRuntimeError} `bad-model`, `load-timeout`, `server-unreachable`, `engine-unavailable`
 */
export class ModelDeployer {
  readonly #client: InferenceClient;
  readonly #how: Deployment;
  readonly #timeoutMs: number;

  constructor(client: InferenceClient, how: Deployment, timeoutMs: number) {
    this.#client = client;
    this.#how = how;
    this.#timeoutMs = timeoutMs;
  }

  /** Resolves once the server says that the model is ready. */
  async deploy(file: ModelFile): Promise<DeployedModel> {
    const model = modelOf(file);
    const what = `Model "${model.name}" was given to ${this.#client.address}`;
    const bring = (signal: AbortSignal) => this.#bring(model, file, signal);
    try {
      await holdModel(this.#key(model), () => within(this.#timeoutMs, what, bring));
      return model;
    } catch (error) {
      await this.withdraw(model);
      throw error;
    }
  }

  /** Unloads a model that nobody else in this process holds; a server that is gone has forgotten it by itself. */
  withdraw(model: DeployedModel): Promise<void> {
    return leaveModel(this.#key(model), async () => {
      await this.#client.unload(model.name).catch(() => undefined);
      if (this.#how.kind === "upload") return;
      await rm(join(this.#how.folder, model.name), { recursive: true, force: true }).catch(() => undefined);
    });
  }

  async #bring(model: DeployedModel, file: ModelFile, signal: AbortSignal): Promise<void> {
    if (this.#how.kind === "files") await writeModel(this.#how.folder, model, file);
    await this.#load(model, file, signal);
    await this.#untilReady(model, signal);
  }

  async #load(model: DeployedModel, file: ModelFile, signal: AbortSignal): Promise<void> {
    try {
      await this.#client.load(model.name, this.#how.kind === "upload" ? uploadOf(model, file) : {}, signal);
    } catch (error) {
      if (!(error instanceof EdgeRuntimeError) || error.code !== "server-refused") throw error;
      const mayNotLoad = /not allowed|model control|polling/i.test(error.message);
      // A server that polls its repository finds the files by itself.
      if (mayNotLoad && this.#how.kind === "files") return;
      if (mayNotLoad) throw loadingForbidden(this.#client.address, error);
      throw new EdgeRuntimeError("bad-model", `Graph "${file.graph}" does not load: ${error.message}`, {
        cause: error,
      });
    }
  }

  async #untilReady(model: DeployedModel, signal: AbortSignal): Promise<void> {
    for (let pauseMs = firstPollMs; ; pauseMs = Math.min(mostPollMs, pauseMs * 2)) {
      if (await this.#client.isModelReady({ name: model.name }, signal)) return;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      signal.throwIfAborted();
    }
  }

  #key({ name }: DeployedModel): string {
    return `${this.#client.address} ${name}`;
  }
}

/** The model repository's configuration of one model (Triton's `config.pbtxt`): shapes are read from the file itself. */
export function modelConfig({ name, version }: DeployedModel, format: ModelFile["format"]): string {
  const { backend, file } = backends[format];
  return [
    `name: "${name}"`,
    `backend: "${backend}"`,
    `default_model_filename: "${file}"`,
    "max_batch_size: 0",
    `version_policy: { specific: { versions: [ ${version} ] } }`,
    "",
  ].join("\n");
}

/** A version directory is named by a whole number: the first 48 bits of the digest, and one, since zero is none. */
function modelOf({ graph, key }: ModelFile): DeployedModel {
  const version = String(BigInt(`0x${key.slice(0, 12)}`) + 1n);
  return { name: `fieldloop-${graph.replace(/[^A-Za-z0-9_-]/g, "-")}-${key.slice(0, 12)}`, version };
}

async function writeModel(folder: string, model: DeployedModel, { format, bytes }: ModelFile): Promise<void> {
  const home = join(folder, model.name);
  try {
    await mkdir(join(home, model.version), { recursive: true });
    await replace(join(home, model.version, backends[format].file), bytes);
    await replace(join(home, "config.pbtxt"), Buffer.from(modelConfig(model, format)));
  } catch (cause) {
    throw new EdgeRuntimeError(
      "engine-unavailable",
      `Expected to write the model repository ${folder}, it does not let itself: ${(cause as Error).message}; name the server's repository in engines.json and allow this device to write it.`,
      { cause },
    );
  }
}

/** The server never sees half a file. */
async function replace(path: string, bytes: Uint8Array): Promise<void> {
  const there = await readFile(path).catch(() => undefined);
  if (there !== undefined && Buffer.compare(there, bytes) === 0) return;
  await writeFile(`${path}.part`, bytes);
  await rename(`${path}.part`, path);
}

function uploadOf({ name, version }: DeployedModel, { format, bytes }: ModelFile): Record<string, string> {
  const { backend, file } = backends[format];
  const config = {
    name,
    backend,
    default_model_filename: file,
    max_batch_size: 0,
    version_policy: { specific: { versions: [Number(version)] } },
  };
  return { config: JSON.stringify(config), [`file:${version}/${file}`]: Buffer.from(bytes).toString("base64") };
}

function loadingForbidden(address: string, cause: unknown): EdgeRuntimeError {
  return new EdgeRuntimeError(
    "engine-unavailable",
    `Expected the inference server at ${address} to take models by its load call, it does not; start it with --model-control-mode=explicit.`,
    { cause },
  );
}
