// A lock that one process holds while others wait: a folder, since making one is atomic. Runs on any Node from 20 on.
import { mkdirSync, rmSync, statSync } from "node:fs";

const napMs = 200;

/**
 * Does work that only one process at a time may do; others wait, and take over what was held for longer than `lifeMs`.
 * Where no lock can be made at all (a folder that may not be written to), the work is tried without.
 */
export function whileLocked(lock, lifeMs, work) {
  take(lock, lifeMs);
  try {
    return work();
  } finally {
    release(lock);
  }
}

/** Gives a lock up. */
export function release(lock) {
  rmSync(lock, { recursive: true, force: true });
}

function take(lock, lifeMs) {
  const nap = new Int32Array(new SharedArrayBuffer(4));
  for (;;) {
    try {
      mkdirSync(lock);
      return;
    } catch (error) {
      if (error.code !== "EEXIST") return;
      if (isAbandoned(lock, lifeMs)) release(lock);
      Atomics.wait(nap, 0, 0, napMs);
    }
  }
}

function isAbandoned(lock, lifeMs) {
  try {
    return Date.now() - statSync(lock).mtimeMs > lifeMs;
  } catch {
    return false;
  }
}
