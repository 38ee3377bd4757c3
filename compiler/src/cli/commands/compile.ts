import { Command, Option } from "commander";
import { CompilerError } from "../../errors.ts";
import { passNames } from "../../passes/pass-list.ts";
import { type RangeMethod, rangeMethods } from "../../quantize/range-choice.ts";
import { compileVersion } from "../../targets/compile-version.ts";
import { targets } from "../../targets/target-list.ts";
import { type PixelRange, pixelRanges } from "../../tflite/import/pixel-range.ts";
import { writeCompiled } from "../compiled-folder.ts";
import { readImages } from "../image-source.ts";
import { imageSizeOf, type ModelFile, readModelFile } from "../model-file.ts";
import { type Print, table, wholeNumber } from "../output.ts";
import { stopAfter } from "../stop-after.ts";

interface CompileOptions {
  readonly calibrate?: string;
  readonly images: number;
  readonly target: readonly string[];
  readonly method: RangeMethod;
  readonly pixels?: PixelRange;
  readonly out: string;
  readonly stopAfter?: string;
  readonly json?: boolean;
}

/** `compile backbone.onnx [head.onnx …]`: one file per component and target, and an index. */
export function compileCommand(print: Print): Command {
  const names = targets.map(({ name }) => name);
  const usual = targets.filter(({ engine }) => engine === "onnxruntime").map(({ name }) => name);
  return new Command("compile")
    .description('compile a backbone and its heads for targets; the file that reads "image" is the backbone')
    .argument("<files...>", "ONNX or float TFLite files: a backbone, then its heads")
    .option("--calibrate <path>", "folder of images or IDX file that sets integer ranges; never judge on it")
    .option("--images <count>", "calibration images at most, spread over what is there", wholeNumber, 256)
    .addOption(new Option("--target <name...>", "what to compile for").choices(names).default(usual))
    .addOption(new Option("--method <name>", "how ranges are chosen").choices(rangeMethods).default("mse"))
    .addOption(
      new Option("--pixels <range>", "what a TFLite file's image holds: 0…255, 0…1, −1…1, (byte − 128)/128").choices(
        Object.keys(pixelRanges),
      ),
    )
    .option("--out <dir>", "where the variants go", "compiled")
    .addOption(
      new Option(
        "--stop-after <pass>",
        "write and print each graph as it is after a pass, to find the pass that harms",
      ).choices(passNames),
    )
    .option("--json", "print one line of JSON")
    .action((given, options) => run(given, options, print));
}

async function run(paths: readonly string[], options: CompileOptions, print: Print): Promise<void> {
  const files = await Promise.all(paths.map((path) => readModelFile(path, options.pixels)));
  if (options.stopAfter !== undefined) {
    const { written, text } = await stopAfter(files, options.stopAfter, options.out);
    return print(options, { stopAfter: options.stopAfter, written }, () => text);
  }
  const compiled = await compileVersion({
    components: files,
    targets: options.target,
    calibration: await calibrationImages(files, options),
    method: options.method,
  });
  const index = await writeCompiled(options.out, compiled);
  const summary = { out: options.out, variants: index.variants, calibrationImages: index.calibrationDigests.length };
  print(options, summary, () =>
    table([
      ["component", "target", "bytes", "digest"],
      ...index.variants.map(({ component, target, bytes, digest }) => [component, target, String(bytes), digest]),
    ]),
  );
}

async function calibrationImages(files: readonly ModelFile[], { calibrate, images }: CompileOptions) {
  if (calibrate === undefined) return undefined;
  const backbone = files.find(({ role }) => role === "backbone");
  if (backbone === undefined) {
    throw new CompilerError(
      "invalid-argument",
      'Expected a file that reads "image" to calibrate, found heads only; add the backbone.',
    );
  }
  const found = await readImages(calibrate, { ...imageSizeOf(backbone.graph), limit: images });
  return found.map(({ image }) => image);
}
