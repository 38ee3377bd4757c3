import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type EngineChoice, EngineChoiceSchema, processorEngines, profiles } from "@fieldloop/devices";
import Type from "typebox";
import { Compile } from "typebox/compile";
import { EdgeRuntimeError } from "../errors.ts";

const validator = Compile(Type.Array(EngineChoiceSchema, { minItems: 1, maxItems: 16 }));
const fileName = "engines.json";

/**
 * The engines of a device, best first: those of its data folder's `engines.json`, which says where this very machine differs
 * from its kind (a server's address, a repository's folder), or those of its profile.
 * @throws {EdgeRuntimeError} `bad-engines`
 */
export async function deviceEngines(dir: string, profile: string): Promise<readonly EngineChoice[]> {
  const text = await readFile(join(dir, fileName), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw bad(dir, "it cannot be read", error);
  });
  if (text === undefined) return profiles.find(({ name }) => name === profile)?.engines ?? processorEngines;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw bad(dir, "it is not JSON", cause);
  }
  if (validator.Check(value)) return value;
  const [first] = validator.Errors(value);
  throw bad(dir, `${first?.instancePath || "the list"} ${first?.message ?? "is wrong"}`);
}

function bad(dir: string, why: string, cause?: unknown): EdgeRuntimeError {
  return new EdgeRuntimeError(
    "bad-engines",
    `Expected a list of engines in ${join(dir, fileName)}: ${why}; write it as the profile's in "fieldloop-edge doctor --json", or remove it.`,
    { cause },
  );
}
