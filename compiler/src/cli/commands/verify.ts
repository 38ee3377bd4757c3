import type { FitCard } from "@fieldloop/devices";
import { Command } from "commander";
import { CompilerError } from "../../errors.ts";
import { fitCards, type JudgedImage } from "../../verify/fit-card.ts";
import type { VariantFiles } from "../../verify/variant-bench.ts";
import { readCompiled } from "../compiled-folder.ts";
import { readImages, readLabels } from "../image-source.ts";
import { imageSizeIn } from "../model-file.ts";
import { type Print, percent, table, wholeNumber } from "../output.ts";

interface VerifyOptions {
  readonly data: string;
  readonly labels?: string;
  readonly head: string;
  readonly byFolder?: boolean;
  readonly reference: string;
  readonly rounds: number;
  readonly threads: number;
  readonly json?: boolean;
}

/** `verify DIR --data PATH --head NAME`: a fit card per variant, against the float one. */
export function verifyCommand(print: Print): Command {
  return new Command("verify")
    .description("measure a fit card of every variant in a folder that compile wrote")
    .argument("<dir>", "folder of variants")
    .requiredOption("--data <path>", "folder of images or IDX file that calibration did not see")
    .requiredOption("--head <name>", "the head whose answers are judged")
    .option("--labels <file>", "IDX file of the right classes, for accuracy")
    .option("--by-folder", "images of one folder are one independent unit, such as a track")
    .option("--reference <target>", "what agreement and difference are against", "ort-cpu-fp32")
    .option("--rounds <count>", "timed runs per variant", wholeNumber, 200)
    .option("--threads <count>", "threads inside one operator", wholeNumber, 1)
    .option("--json", "print one line of JSON")
    .action((given, options) => run(given, options, print));
}

async function run(dir: string, options: VerifyOptions, print: Print): Promise<void> {
  const { variants, calibrationDigests } = await readCompiled(dir);
  const reference = variants.find(({ target }) => target === options.reference);
  if (reference === undefined) {
    throw new CompilerError(
      "invalid-argument",
      `Expected a ${options.reference} variant in ${dir} to compare with, found none; compile it too.`,
    );
  }
  const images = await judgedImages(reference, options);
  const { head, rounds, threads } = options;
  const cards = await fitCards({ variants, reference, head, images, calibrationDigests, rounds, threads });
  print(options, { dir, head, images: images.length, cards }, () => [
    ...table([
      ["target", "accuracy %", "agreement %", "difference, points", "p50 µs", "p95 µs", "bytes", "of fp32"],
      ...cards.map(row),
    ]),
    machineLine(cards),
  ]);
}

async function judgedImages(reference: VariantFiles, options: VerifyOptions): Promise<JudgedImage[]> {
  const found = await readImages(options.data, imageSizeIn(reference.components.map(({ bytes }) => bytes)));
  const labels = options.labels === undefined ? undefined : await readLabels(options.labels);
  if (labels !== undefined && labels.length !== found.length) {
    throw new CompilerError(
      "unreadable-input",
      `Expected ${found.length} labels in ${options.labels}, as there are images, found ${labels.length}.`,
    );
  }
  return found.map(({ image, name, folder }, index) => ({
    image,
    unit: options.byFolder ? folder : name,
    ...(labels === undefined ? {} : { label: labels[index]! }),
  }));
}

function row(card: FitCard): string[] {
  const { latency } = card;
  return [
    card.target,
    percent(card.accuracy),
    percent(card.agreement),
    percent(card.difference),
    latency === null ? "" : latency.p50Us.toFixed(0),
    latency === null ? "" : latency.p95Us.toFixed(0),
    String(card.sizeBytes),
    card.sizeRatio.toFixed(3),
  ];
}

function machineLine(cards: readonly FitCard[]): string {
  const machine = cards[0]?.latency?.machine;
  if (machine === undefined) return "";
  return `one image at a time on ${machine.name}, ${machine.cores} cores, ${machine.threads} thread(s), ${machine.engine}`;
}
