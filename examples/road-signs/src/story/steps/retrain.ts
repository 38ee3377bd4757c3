import type { GateVerdict } from "@fieldloop/cloud-hub";
import { oldSet } from "../import-images.ts";
import { runStep, type Story } from "../story.ts";
import { trainInHub } from "../train-in-hub.ts";
import { truthOf } from "./answer.ts";
import type { Bootstrapped } from "./bootstrap.ts";

/** What learning from the field brought: v2, what it was trained on, and the gate's verdict. */
export type Retrained = {
  readonly version: string;
  readonly snapshot: string;
  readonly machine: number;
  readonly machineRight: number;
  readonly gate: GateVerdict;
};

/** Tracks nobody answered are labelled by the model's own vote over their frames where it is surer than this. */
export const selfLabelThreshold = 0.8;

/** Step 7: freeze old and field samples, train v2 from v1's weights, and let the gate judge. */
export function retrain(story: Story, v1: Bootstrapped, from: number): Promise<Retrained> {
  const { client, recipes, options } = story;
  return runStep(story, "Learn again", async (progress) => {
    const snapshot = await client.createSnapshot({
      name: "bright tracks and dusk",
      parts: [
        { role: "old", query: oldSet("train") },
        { role: "old", query: oldSet("val") },
        { role: "field", query: { source: "device", from }, selfLabel: { threshold: selfLabelThreshold } },
      ],
    });
    const run = { snapshot: snapshot.id, base: v1.version, recipe: recipes.again, seed: options.seed };
    const { version, loss } = await trainInHub(client, run, progress);
    const gate = await client.gate({
      candidate: version,
      incumbent: v1.version,
      old: oldSet("val"),
      audited: { from },
      head: "sign",
    });
    const machine = await machineLabels(story, snapshot.id);
    return {
      result: { version, snapshot: snapshot.id, ...machine, gate },
      figures: [
        `v2 learnt from snapshot ${snapshot.hash.slice(0, 15)}, loss ${loss.toFixed(3)}`,
        `${machine.machine} tracks labelled by vote, ${machine.machineRight} of them right`,
        ...gate.rules.map(({ sentence, passed }) => `${passed ? "✓" : "✗"} ${sentence}`),
      ],
    };
  });
}

async function machineLabels(
  { client, data }: Story,
  snapshot: string,
): Promise<{ readonly machine: number; readonly machineRight: number }> {
  const truth = truthOf(data);
  const { members } = await client.snapshotMembers(snapshot);
  const voted = new Map(
    members.flatMap(({ machine, unit, labels }) => (machine && labels.sign ? [[unit, labels.sign]] : [])),
  );
  const right = [...voted].filter(([unit, sign]) => sign === truth(trackOf(unit)).sign);
  return { machine: voted.size, machineRight: right.length };
}

/** A unit of independence is named after device and track. */
const trackOf = (unit: string): string => unit.slice(unit.lastIndexOf("t_"));
