import { setTimeout as sleep } from "node:timers/promises";
import { secondsText, wholeText } from "../../report/figure-text.ts";
import type { RolloutEnd } from "../../report/loop-report.ts";
import { waveText } from "../../report/wave-text.ts";
import { createRandom } from "../../world/random.ts";
import { answeringOf, type Fleet, framesOf } from "../fleet.ts";
import { endOf, followRollout, gatherPast } from "../follow-rollout.ts";
import { itemsOfShuffled, oldSet, shuffledSet } from "../import-images.ts";
import { runStep, type Story } from "../story.ts";
import { compileInHub, trainInHub } from "../train-in-hub.ts";
import { type Meanwhile, whilePlaying } from "../while-playing.ts";
import { policyOf } from "./release.ts";

/**
 * How a release that starts but is bad fared.
 * devicesReached: cameras on which it answered at all · predictions: frames it answered · stoppedMs, rolledBackMs: from
 * its first prediction to the hub's decision, and to its last prediction anywhere
 */
export type HarmfulDone = RolloutEnd & {
  readonly devicesReached: number;
  readonly predictions: number;
  readonly stoppedMs: number | null;
  readonly rolledBackMs: number | null;
  readonly meanwhile: Meanwhile;
};

/** The version of step "Shuffled". */
export type Shuffled = { readonly version: string };

const shuffledTracks = 100;
const shuffledSteps = 200;
const backAtMostMs = 30_000;

/** Trains v2b on old tracks whose labels were shuffled: it loads, runs and passes its own golden samples. */
export function trainOnShuffled(story: Story, base: string): Promise<Shuffled> {
  const { client, data, recipes, options } = story;
  return runStep(story, "Shuffled", async (progress) => {
    const tracks = data.old.train.slice(0, shuffledTracks);
    const items = await itemsOfShuffled(data, tracks, createRandom(options.seed, "shuffled labels"));
    await client.importSamples(items, (sent) => progress.show(sent, items.length, "images imported"));
    const parts = [
      { role: "old" as const, query: shuffledSet },
      { role: "old" as const, query: oldSet("val") },
    ];
    const snapshot = await client.createSnapshot({ name: "shuffled labels", parts });
    const recipe = { ...recipes.again, steps: shuffledSteps };
    const { version, loss } = await trainInHub(
      client,
      { snapshot: snapshot.id, base, recipe, seed: options.seed },
      progress,
    );
    await compileInHub(client, version, progress);
    return {
      result: { version },
      figures: [`v2b learnt ${tracks.length} tracks with shuffled labels, loss ${loss.toFixed(3)}`],
    };
  });
}

/** v2b goes out past the gate by a person's word; health must stop it in wave one and roll it back. */
export function rollOutHarmful(story: Story, version: string): Promise<HarmfulDone> {
  const { client, options } = story;
  return runStep(story, "Harmful", async (progress) => {
    const accept = { by: "demo", reason: "to show that health stops what a gate would not have let through" };
    const { digest } = await client.createRelease({ version, policy: policyOf(options.framesPerSecond), accept });
    const fleet = await story.fleet();
    const { result: rollout, meanwhile } = await whilePlaying(story, "field", async () => {
      await gatherPast();
      const rollout = await followRollout(story, digest, progress);
      await untilGone(fleet, digest);
      return rollout;
    });
    const answering = answeringOf(await fleet.counts(), digest);
    const firstAt = Math.min(...[...answering.values()].map(({ firstAt }) => firstAt));
    const lastAt = Math.max(...[...answering.values()].map(({ lastAt }) => lastAt));
    const { endedAt } = rollout;
    const result = {
      devicesReached: answering.size,
      predictions: framesOf(answering),
      stoppedMs: answering.size === 0 || endedAt === null ? null : endedAt - firstAt,
      rolledBackMs: answering.size === 0 ? null : lastAt - firstAt,
      ...endOf(rollout),
      meanwhile,
    };
    return { result, figures: figuresOf(result) };
  });
}

function figuresOf({ devicesReached, predictions, stoppedMs, rolledBackMs, state, waves }: HarmfulDone) {
  const after = (ms: number | null) => (ms === null ? "never" : secondsText(ms / 1000));
  return [
    `v2b answered ${wholeText(predictions)} frames on ${devicesReached} camera; the rollout ${state}`,
    `stopped ${after(stoppedMs)} and gone ${after(rolledBackMs)} after its first prediction`,
    ...waves.flatMap(waveText),
  ];
}

/** Waits until no camera runs a release any more, or half a minute. */
async function untilGone(fleet: Fleet, release: string): Promise<void> {
  const until = performance.now() + backAtMostMs;
  while (performance.now() < until) {
    const running = [...(await fleet.counts()).values()].filter((counts) => counts.release === release);
    if (running.length === 0) break;
    await sleep(100);
  }
  await sleep(1000); // frames that were in work
}
