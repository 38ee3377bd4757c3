import type { Receipt } from "@fieldloop/devices";
import type { Hub } from "../hub-parts.ts";
import { Waker } from "../waker.ts";
import { RolloutEvidence } from "./evidence/evidence.ts";
import { getRollout, unfinishedRollouts } from "./load-rollout.ts";
import { nextStep } from "./next-step.ts";
import { hasEnded } from "./progress.ts";
import type { Rollout, Verdict } from "./rollout.ts";
import { isStale, takeStep } from "./take-step.ts";

/** What drives the hub's rollouts. */
export type RolloutController = {
  /** Says that something changed: a rollout was started or told something, or a device was heard. */
  readonly wake: (receipts?: readonly Receipt[]) => void;
  /** What the health rules said last of a rollout's newest wave. */
  readonly verdictOf: (id: string) => Verdict | undefined;
  readonly close: () => Promise<void>;
};

const tickMs = 1000;
/** A rollout whose start was decided just before the hub was killed reaches the tables after the first look. */
const idleTickMs = 5000;
/** So that a busy fleet does not have every sketch looked at on its own. */
const leastPauseMs = 100;
const mostStepsAtOnce = 100;

type Driven = { rollout: Rollout; readonly evidence: RolloutEvidence; verdict: Verdict | undefined };

/**
 * Drives every rollout of the hub: whenever something was stored, and every second while one goes on, it decides the next
 * steps. It keeps nothing that the tables do not have, so a hub that was killed goes on where it was.
 */
export function startRollouts(hub: Hub, onError: (error: unknown) => void): RolloutController {
  const driven = new Map<string, Driven>();
  const waker = new Waker();
  let heard = new Set<string>();
  let mustLoad = true;

  const drive = async (each: Driven, names: ReadonlySet<string>) => {
    const { evidence } = each;
    await evidence.read(each.rollout, names, hub.clock());
    for (let steps = 0; steps < mostStepsAtOnce; steps += 1) {
      const now = hub.clock();
      const facts = evidence.facts(each.rollout, now);
      if (facts.verdict !== null) each.verdict = facts.verdict;
      const step = nextStep(each.rollout, facts);
      if (step === undefined) break;
      each.rollout = await takeStep(hub, each.rollout, step, now);
    }
    if (each.verdict !== undefined) hub.changed("rollouts"); // its figures move without a decision
    for (const device of evidence.toRemind(each.rollout, hub.clock())) await hub.publishDesired(device);
  };

  const look = async (): Promise<void> => {
    const names = heard;
    heard = new Set();
    if (mustLoad) await load(hub, driven);
    else await refresh(hub, driven);
    mustLoad = false;
    for (const each of driven.values()) {
      try {
        await drive(each, names);
      } catch (error) {
        mustLoad = true; // what is in the tables is what counts
        if (!isStale(error) && !hub.isClosing()) onError(error);
      }
    }
  };

  const loop = async () => {
    while (!waker.isStopped) {
      try {
        await look();
      } catch (error) {
        mustLoad = true;
        if (!hub.isClosing()) onError(error);
      }
      await waker.pause(leastPauseMs);
      await waker.rest((driven.size > 0 || mustLoad ? tickMs : idleTickMs) - leastPauseMs);
    }
  };
  const running = loop();

  return {
    wake(receipts) {
      if (receipts === undefined) waker.wake();
      if (receipts === undefined || driven.size === 0) return;
      for (const { device } of receipts) heard.add(device);
      if (heard.size > 0) waker.wake();
    },
    verdictOf: (id) => driven.get(id)?.verdict,
    async close() {
      waker.stop();
      await running;
    },
  };
}

async function load(hub: Hub, driven: Map<string, Driven>): Promise<void> {
  for (const rollout of await unfinishedRollouts(hub)) {
    const known = driven.get(rollout.id);
    if (known === undefined) driven.set(rollout.id, begun(hub, rollout));
    else known.rollout = rollout;
  }
}

/** Brings what is kept up to what the tables say: new rollouts, steps that others took, the end of some. */
async function refresh(hub: Hub, driven: Map<string, Driven>): Promise<void> {
  const rows = await hub.rows<{ id: string; step: number }>(
    `select id, step from rollouts where fleet = $1 and (state in ('running', 'paused') or id = any($2::text[]))`,
    [hub.fleet, [...driven.keys()]],
  );
  for (const { id, step } of rows) {
    const known = driven.get(id);
    if (known === undefined) driven.set(id, begun(hub, await getRollout(hub, id)));
    else if (known.rollout.step !== step) known.rollout = await getRollout(hub, id);
  }
  for (const [id, { rollout }] of driven) {
    if (hasEnded(rollout) && nextStep(rollout, nothing(hub.clock())) === undefined) driven.delete(id);
  }
}

const begun = (hub: Hub, rollout: Rollout): Driven => ({
  rollout,
  evidence: new RolloutEvidence(hub),
  verdict: undefined,
});

const nothing = (now: number) => ({ now, progress: new Map(), verdict: null });
