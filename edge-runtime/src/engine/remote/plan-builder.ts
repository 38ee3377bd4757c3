import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { EdgeRuntimeError } from "../../errors.ts";

/**
 * How a plan is built on this device. command: program and arguments, where {onnx} and {plan} stand for files ·
 * version: program and arguments that print TensorRT's version · cache: the folder that keeps plans
 */
export interface PlanBuild {
  readonly command: readonly string[];
  readonly version: readonly string[];
  readonly cache: string;
  /** How long one build may take; 15 minutes unless said otherwise, since small boards try thousands of kernels. */
  readonly timeoutMs?: number;
}

/** A plan and what decides it: the graph's bytes, TensorRT's version and the command. */
export interface Plan {
  readonly key: string;
  readonly bytes: Uint8Array;
}

const execute = promisify(execFile);
const buildTimeoutMs = 15 * 60_000;
const versionTimeoutMs = 60_000;

/**
 * Gives a graph's TensorRT plan, built on this device the first time: plans fit one GPU and one version, and do not travel.
 * @throws {EdgeRuntimeError} `build-failed`
 */
export async function buildPlan(onnx: Uint8Array, build: PlanBuild): Promise<Plan> {
  const version = await tensorRtVersion(build.version);
  const key = digest(`${digest(onnx)} ${version} ${build.command.join("\0")}`);
  const file = join(build.cache, `${key}.plan`);
  const kept = await readFile(file).catch(() => undefined);
  if (kept !== undefined) return { key, bytes: kept };
  await mkdir(build.cache, { recursive: true });
  const work = await mkdtemp(join(build.cache, "building-"));
  try {
    const [graph, plan] = [join(work, "model.onnx"), join(work, "model.plan")];
    await writeFile(graph, onnx);
    await runBuild(build, graph, plan);
    const bytes = await readFile(plan).catch((cause: unknown) => {
      throw failed(build.command, "it ended well but wrote no plan", cause);
    });
    await rename(plan, file);
    return { key, bytes };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/**
 * The version that a TensorRT program prints in its first lines: `[TensorRT v8601]` of `trtexec --help`.
 * @throws {EdgeRuntimeError} `build-failed`
 */
export async function tensorRtVersion(command: readonly string[]): Promise<string> {
  const [program = "", ...args] = command;
  const { stdout, stderr } = await execute(program, args, {
    timeout: versionTimeoutMs,
    maxBuffer: 4 * 1024 ** 2,
  }).catch((cause: unknown) => {
    throw failed(command, reasonOf(cause), cause);
  });
  const version = /\[TensorRT v(\d+)\]/.exec(`${stdout}\n${stderr}`)?.[1];
  if (version === undefined) throw failed(command, "it prints no [TensorRT v…]");
  return version;
}

async function runBuild(build: PlanBuild, onnx: string, plan: string): Promise<void> {
  const [program = "", ...args] = build.command.map((word) => word.replace("{onnx}", onnx).replace("{plan}", plan));
  const limits = {
    timeout: build.timeoutMs ?? buildTimeoutMs,
    killSignal: "SIGKILL",
    maxBuffer: 64 * 1024 ** 2,
  } as const;
  await execute(program, args, limits).catch((cause: unknown) => {
    throw failed(build.command, reasonOf(cause), cause);
  });
}

function reasonOf(cause: unknown): string {
  const { code, killed, stderr = "", stdout = "" } = cause as Partial<Record<string, string>> & { killed?: boolean };
  if (code === "ENOENT") return "this machine has no such program";
  const said = (stderr.trim() || stdout.trim()).slice(-500);
  return `${killed ? "it took too long" : `it ended with ${code}`}${said === "" ? "" : `, saying: ${said}`}`;
}

function failed(command: readonly string[], why: string, cause?: unknown): EdgeRuntimeError {
  return new EdgeRuntimeError(
    "build-failed",
    `Expected "${command.join(" ")}" to serve TensorRT on this device: ${why}; install TensorRT or change the command in engines.json.`,
    { cause },
  );
}

function digest(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}
