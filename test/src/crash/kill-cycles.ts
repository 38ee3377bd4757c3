import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";

/** A process under test, and what it has acknowledged so far; `ended` is for processes that hand over more while dying. */
export interface Victim {
  readonly process: ChildProcess;
  readonly ready: Promise<void>;
}

/**
 * One proof by killing: `start` brings the process up on the same data, `check` judges what is there after each kill.
 * longestMs: most time between ready and kill
 */
export interface KillPlan {
  readonly cycles: number;
  readonly seed: number;
  readonly longestMs?: number;
  readonly start: (cycle: number) => Promise<Victim> | Victim;
  readonly check: (cycle: number) => Promise<void>;
}

/** Kills with SIGKILL at random moments after ready, `cycles` times, and checks after each; rejects with the first failed check. */
export async function killCycles({ cycles, seed, longestMs = 600, start, check }: KillPlan): Promise<void> {
  const random = seededRandom(seed);
  for (let cycle = 1; cycle <= cycles; cycle += 1) {
    const { process, ready } = await start(cycle);
    const ended = once(process, "close");
    await Promise.race([
      ready,
      ended.then(() => Promise.reject(new Error(`Cycle ${cycle}: the process ended before it was ready.`))),
    ]);
    await delay(random() * longestMs);
    if (process.exitCode !== null)
      throw new Error(`Cycle ${cycle}: the process ended by itself with ${process.exitCode}.`);
    process.kill("SIGKILL");
    await ended;
    await check(cycle);
  }
}

/** Numbers in [0, 1) that depend on the seed alone (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
