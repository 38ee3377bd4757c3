import { access, constants, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EngineChoice } from "@fieldloop/devices";
import { EdgeRuntimeError } from "../errors.ts";
import type { Engine, GraphSource } from "./engine.ts";
import { engineTitle, startChosenEngine } from "./engine-starter.ts";
import { tensorRtVersion } from "./remote/plan-builder.ts";
import { tinyTfliteHead } from "./tflite/tiny-tflite.ts";
import { tinyHead } from "./tiny-onnx.ts";

/** Whether an engine runs on this machine. why: how it was seen, or what is wrong and how to mend it */
export interface EngineCheck {
  readonly title: string;
  readonly choice: EngineChoice;
  readonly runs: boolean;
  readonly why: string;
}

/**
 * Starts an engine as a release would and lets it answer a graph of one layer, so that "runs" is never a guess; a server
 * gets the graph, and a plan is built, exactly as for a release.
 */
export async function checkEngine(choice: EngineChoice): Promise<EngineCheck> {
  const title = engineTitle(choice);
  const plans = await mkdtemp(join(tmpdir(), "fieldloop-check-"));
  let engine: Engine | undefined;
  try {
    await checkParts(choice);
    engine = await startChosenEngine(choice, plans);
    const ms = await answerOnce(engine, choice);
    return { title, choice, runs: true, why: `it answered a graph of one layer in ${ms.toFixed(1)} ms` };
  } catch (error) {
    return { title, choice, runs: false, why: error instanceof Error ? error.message : String(error) };
  } finally {
    await engine?.close();
    await rm(plans, { recursive: true, force: true });
  }
}

/** What can be told apart before a server is asked: a builder that is missing, a repository that cannot be written. */
async function checkParts(choice: EngineChoice): Promise<void> {
  if (choice.engine !== "remote") return;
  if (choice.build) await tensorRtVersion(choice.build.version);
  if (choice.deploy.kind === "upload") return;
  const { folder } = choice.deploy;
  await access(folder, constants.W_OK).catch((cause: NodeJS.ErrnoException) => {
    throw new EdgeRuntimeError(
      "engine-unavailable",
      `Expected to write the model repository ${folder}, it is ${cause.code === "ENOENT" ? "absent" : "not writable"}; make it, start the server with it, and allow this device to write it.`,
      { cause },
    );
  });
}

async function answerOnce(engine: Engine, choice: EngineChoice): Promise<number> {
  const graph: GraphSource = {
    name: "check",
    bytes: choice.engine === "tflite" ? tinyTfliteHead("check") : tinyHead("check"),
  };
  const model = await engine.load([graph]);
  const embedding = { dtype: "float32", shape: [1, 4], data: Float32Array.of(1, 2, 3, 4) } as const;
  await model.run({ embedding });
  return (await model.run({ embedding })).runUs / 1000;
}
