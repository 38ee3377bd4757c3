import type { Hub } from "../hub-parts.ts";
import { Waker } from "../waker.ts";
import { attemptsAtMost, claimJob, endJob, freeOrphans, type Job, renewJob } from "./job.ts";
import type { JobHandler } from "./job-handler.ts";

/** Works through the hub's jobs, one at a time. */
export type Worker = { readonly wake: () => void; readonly close: () => Promise<void> };

const renewEveryMs = 1000;
const idleMs = 5000;

/** Starts the loop; jobs of a hub that was killed are begun again, up to three times. */
export function startWorker(
  hub: Hub,
  handlers: Readonly<Record<Job["kind"], JobHandler>>,
  log: (error: unknown) => void,
): Worker {
  const waker = new Waker();
  let stopCurrent: AbortController | undefined;

  const loop = async () => {
    await freeOrphans(hub);
    while (!waker.isStopped) {
      try {
        const job = await claimJob(hub);
        if (job === undefined) await waker.rest(idleMs);
        else {
          stopCurrent = new AbortController();
          await work(hub, job, handlers[job.kind], stopCurrent, () => waker.isStopped);
        }
      } catch (error) {
        if (waker.isStopped) return;
        log(error);
        await waker.rest(idleMs);
      }
    }
  };
  const running = loop();

  return {
    wake: () => waker.wake(),
    async close() {
      waker.stop();
      stopCurrent?.abort();
      await running.catch(() => undefined);
    },
  };
}

async function work(
  hub: Hub,
  job: Job,
  handler: JobHandler,
  stop: AbortController,
  isClosing: () => boolean,
): Promise<void> {
  if (job.attempts > attemptsAtMost) {
    await endJob(hub, job.id, {
      state: "failed",
      error: `Given up after ${attemptsAtMost} attempts that ended with the hub; its log may say why.`,
    });
    return;
  }
  let progress = 0;
  const renewing = setInterval(() => {
    renewJob(hub, job.id, progress).then(
      ({ mustStop }) => mustStop && stop.abort(),
      () => undefined, // the next renewal tries again; a lease lasts thirty of them
    );
  }, renewEveryMs);
  try {
    const result = await handler(hub, job, {
      signal: stop.signal,
      onProgress: (value) => {
        progress = value;
      },
    });
    await endJob(hub, job.id, { state: "done", result });
  } catch (error) {
    if (isClosing()) return; // it stays running, and is begun again when the hub comes back
    const message = error instanceof Error ? error.message : String(error);
    await endJob(
      hub,
      job.id,
      stop.signal.aborted ? { state: "cancelled", error: "Cancelled." } : { state: "failed", error: message },
    );
  } finally {
    clearInterval(renewing);
  }
}
