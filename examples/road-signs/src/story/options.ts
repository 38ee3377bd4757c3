import { parseArgs } from "node:util";
import { ExampleError } from "../errors.ts";

/** What a run of the demo was asked for; see `usage`. */
export type DemoOptions = {
  readonly field: string | undefined;
  readonly data: string;
  readonly once: boolean;
  readonly fresh: boolean;
  readonly compare: boolean;
  readonly report: string | undefined;
  readonly units: string | undefined;
  readonly seed: number;
  readonly answers: number;
  readonly framesPerSecond: number;
  readonly plain: boolean;
};

/** What `--help` prints. */
export const usage = `npm run demo -- [options]

  --field DIR     real labelled images: an IDX set with meta.csv, or one folder of images per class
                  (without it the world is rendered)
  --once          run through and exit: 0 v2 released and every bad release refused, 3 the gate refused v2
  --report FILE   write the figures as JSON
  --compare       also train on uniformly chosen answers and on all labels, for comparison
  --answers N     answers a person gives beside the audit (default 100)
  --seed N        seed of the world, the training and every choice (default 0)
  --plain         train without random light (the benchmark's second mode)
  --fps N         frames per second of the camera (default 30)
  --units FILE    write per-image outcomes of the tests, for pooling over seeds
  --data DIR      where hub and device keep their state (default .fieldloop; --once: a temporary folder)
  --fresh         clear that state first
`;

/**
 * Reads the command line.
 * @throws {ExampleError} `bad-option`
 */
export function parseOptions(args: readonly string[]): DemoOptions | "help" {
  let values: ReturnType<typeof parse>;
  try {
    values = parse(args);
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new ExampleError("bad-option", `Expected the demo's options, got: ${said} See npm run demo -- --help.`);
  }
  if (values.help) return "help";
  return {
    field: values.field,
    data: values.data,
    once: values.once,
    fresh: values.fresh,
    compare: values.compare,
    report: values.report,
    units: values.units,
    seed: wholeNumber("--seed", values.seed, 0, 2 ** 31),
    answers: wholeNumber("--answers", values.answers, 1, 100_000),
    framesPerSecond: wholeNumber("--fps", values.fps, 1, 1000),
    plain: values.plain,
  };
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    options: {
      help: { type: "boolean", short: "h", default: false },
      field: { type: "string" },
      data: { type: "string", default: ".fieldloop" },
      once: { type: "boolean", default: false },
      fresh: { type: "boolean", default: false },
      compare: { type: "boolean", default: false },
      report: { type: "string" },
      units: { type: "string" },
      seed: { type: "string", default: "0" },
      answers: { type: "string", default: "100" },
      fps: { type: "string", default: "30" },
      plain: { type: "boolean", default: false },
    },
  }).values;
}

function wholeNumber(option: string, text: string, low: number, high: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= low && value <= high) return value;
  throw new ExampleError(
    "bad-option",
    `Expected ${option} to be a whole number from ${low} to ${high}, got ${JSON.stringify(text)}.`,
  );
}
