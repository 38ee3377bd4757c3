import { Command } from "commander";
import type { Prediction } from "../runtime/frame.ts";
import { type Turn, Turns } from "../runtime/turns.ts";
import { openRuntime, type Runtime } from "../runtime.ts";
import { imageStream } from "../sources/image-stream.ts";
import type { Source, SourcedImage } from "../sources/source.ts";
import { watchedFolder } from "../sources/watched-folder.ts";
import { dataOption, jsonOption } from "./data-folder.ts";

interface RunOptions {
  readonly data: string;
  readonly source: string;
  readonly json?: boolean;
}

const mostInWork = 4;

/** `fieldloop-edge run`: answers the images of a watched folder or of standard input until it ends or Ctrl-C. */
export function runCommand(): Command {
  return new Command("run")
    .description("answer images until the source ends or Ctrl-C")
    .addOption(dataOption())
    .requiredOption(
      "--source <dir>",
      "a folder to watch, or - for images on standard input (length u32 big endian + bytes)",
    )
    .addOption(jsonOption("each prediction"))
    .action(run);
}

async function run({ data, source, json = false }: RunOptions): Promise<void> {
  const stopping = new AbortController();
  const runtime = await openRuntime(data);
  const stop = () => {
    if (stopping.signal.aborted) process.exit(130);
    stopping.abort();
    process.stderr.write("Stopping: what waits is answered and stored. Ctrl-C again ends at once.\n");
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  runtime.on("release", ({ state, release }) => process.stderr.write(`Release ${release}: ${state}.\n`));
  runtime.on("refused", ({ release, code, reason }) =>
    process.stderr.write(`Release ${release ?? "unnamed"} refused (${code}): ${reason}\n`),
  );
  runtime.on("error", (error) => process.stderr.write(`${error.message}\n`));
  try {
    await untilReleased(runtime, stopping.signal);
    const images = source === "-" ? standardInput(stopping.signal) : watchedFolder(source, stopping.signal);
    await answerAll(runtime, images, json);
  } finally {
    await runtime.close();
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
  }
}

/** Waits for the first release, so that no image is taken that cannot be answered. */
async function untilReleased(runtime: Runtime, signal: AbortSignal): Promise<void> {
  if (runtime.status().release !== null) return;
  process.stderr.write("Waiting for the hub to release a model to this device.\n");
  while (!signal.aborted && runtime.status().release === null) await new Promise((resolve) => setTimeout(resolve, 100));
}

async function* standardInput(signal: AbortSignal): Source {
  if (signal.aborted) return;
  const end = () => process.stdin.destroy();
  signal.addEventListener("abort", end);
  try {
    yield* imageStream(process.stdin);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    signal.removeEventListener("abort", end);
  }
}

async function answerAll(runtime: Runtime, images: Source, json: boolean): Promise<void> {
  const turns = new Turns();
  const inWork: Promise<void>[] = [];
  for await (const sourced of images) {
    inWork.push(answerInTurn(turns.take(), runtime, sourced, json));
    if (inWork.length >= mostInWork) await inWork.shift();
  }
  await Promise.all(inWork);
}

async function answerInTurn(turn: Turn, runtime: Runtime, sourced: SourcedImage, json: boolean): Promise<void> {
  const said = await answer(runtime, sourced, json);
  await turn.comes;
  (said.isError ? process.stderr : process.stdout).write(`${said.text}\n`);
  turn.end();
}

async function answer(runtime: Runtime, { name, image }: SourcedImage, json: boolean) {
  try {
    const prediction = await runtime.infer({ image, context: { source: name.slice(-256) } });
    return { isError: false, text: json ? asJson(name, prediction) : asLine(name, prediction) };
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    if (json) return { isError: false, text: JSON.stringify({ source: name, error: { code, message } }) };
    return { isError: true, text: `${name}: ${message}` };
  }
}

function asJson(name: string, { embedding: _, ...prediction }: Prediction): string {
  return JSON.stringify({ source: name, ...prediction });
}

function asLine(name: string, { heads, decision, latencyUs }: Prediction): string {
  const said = Object.entries(heads).map(
    ([head, answer]) => `${head} ${answer.class} (${(answer.confidence * 100).toFixed(0)} %)`,
  );
  const decided = decision === undefined ? "" : `  → ${decision}`;
  return `${name}  ${said.join("  ")}${decided}  ${(latencyUs / 1000).toFixed(1)} ms`;
}
