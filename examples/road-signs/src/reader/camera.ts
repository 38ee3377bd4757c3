import { setTimeout as sleep } from "node:timers/promises";

/**
 * Calls `show` with frames 0, 1, 2, … at a steady rate until `stop()` says so; a late frame is shown at once and the
 * schedule is kept, so that the mean rate holds.
 * framesPerSecond: rate · now: a monotonic clock in milliseconds
 */
export async function playSteadily(options: {
  readonly framesPerSecond: number;
  readonly now: () => number;
  readonly show: (frame: number) => void;
  readonly stop: (frame: number) => boolean;
}): Promise<number> {
  const started = options.now();
  let frame = 0;
  while (!options.stop(frame)) {
    const due = started + (frame * 1000) / options.framesPerSecond;
    const wait = due - options.now();
    if (wait > 0) await sleep(wait);
    if (options.stop(frame)) break;
    options.show(frame);
    frame += 1;
  }
  return frame;
}
