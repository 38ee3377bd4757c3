import type { FitCard } from "@fieldloop/devices";
import { bytesText } from "../../report/figure-text.ts";
import { runStep, type Story } from "../story.ts";
import { compileInHub } from "../train-in-hub.ts";

/** Compiles a version and shows its fit cards: size, agreement with fp32, latency and the machine that measured it. */
export function compileVersion(
  story: Story,
  title: string,
  version: string,
): Promise<{ readonly cards: readonly FitCard[] }> {
  return runStep(story, title, async (progress) => {
    await compileInHub(story.client, version, progress);
    const { variants } = await story.client.version(version);
    const cards = variants.map(({ fitCard }) => fitCard);
    return { result: { cards }, figures: [...cards.map(cardText), machineText(cards)] };
  });
}

function cardText({ target, sizeBytes, agreement, latency }: FitCard): string {
  const agrees = agreement === null ? "" : `, agrees ${(agreement.value * 100).toFixed(1)} % (n=${agreement.n})`;
  const takes = latency === null ? "latency not measured" : `${Math.round(latency.p50Us)} µs`;
  return `${target} ${bytesText(sizeBytes)}, ${takes}${agrees}`;
}

function machineText(cards: readonly FitCard[]): string {
  const machine = cards.find(({ latency }) => latency !== null)?.latency?.machine;
  return machine === undefined ? "not measured on any machine" : `measured on ${machine.name}`;
}
