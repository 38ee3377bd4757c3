import type { BrowserContext, CDPSession, Page, Request } from "playwright-core";
import { startHubProcess } from "../journeys/hub-process.ts";
import { WorkingFleet } from "../journeys/working-fleet.ts";
import { openBrowser, openTab, withoutBrowser } from "../page/browser.ts";
import type { Bench, BenchOutcome, BenchResult } from "./bench.ts";

const minuteMs = 60_000;
const fullMinutes = 10;
const firstLookMinute = 3;
const growthGoalMb = 5;
const attemptsGoal = 2;
const goneMs = 20_000;
const look = { scheme: "light", width: 1280 } as const;
const paths = ["/", "/samples", "/devices"] as const;

/** `npm run bench -- page-memory`: three tabs under live updates for ten minutes, then a hub that is gone for a while. */
export const pageMemoryBench: Bench = {
  name: "page-memory",
  about: "heap of three tabs under ten minutes of live updates, and their attempts while the hub restarts",
  async run({ log }): Promise<BenchOutcome> {
    if (withoutBrowser !== false) return { results: [], skipped: [{ id: "page-memory", why: withoutBrowser }] };
    const fleet = await WorkingFleet.start();
    const browser = await openBrowser();
    const device = fleet.stream(100);
    try {
      const tabs = await openTabs(await contextOf(browser, fleet.hub.url));
      log(`three tabs are open; looking at minutes ${firstLookMinute} and ${fullMinutes}`);
      await pause(firstLookMinute * minuteMs);
      const early = await heapsOf(tabs);
      await pause((fullMinutes - firstLookMinute) * minuteMs);
      const late = await heapsOf(tabs);
      log("restarting the hub");
      const attempts = await attemptsWhileGone(tabs, fleet);
      return { skipped: [], results: [...heapResults(early, late), attemptsResult(attempts)] };
    } finally {
      await browser.close();
      await device.end("SIGTERM");
      await fleet.end();
    }
  },
};

type Tab = { readonly page: Page; readonly session: CDPSession };

async function contextOf(browser: Awaited<ReturnType<typeof openBrowser>>, url: string): Promise<BrowserContext> {
  const { page } = await openTab(browser, url, look);
  await page.close();
  return page.context();
}

async function openTabs(context: BrowserContext): Promise<readonly Tab[]> {
  const tabs: Tab[] = [];
  for (const path of paths) {
    const page = await context.newPage();
    await page.goto(path);
    tabs.push({ page, session: await context.newCDPSession(page) });
  }
  return tabs;
}

/** Used heap of each tab in bytes, after everything that nobody holds was collected. */
async function heapsOf(tabs: readonly Tab[]): Promise<readonly number[]> {
  const heaps: number[] = [];
  for (const { session } of tabs) {
    for (let time = 0; time < 3; time += 1) await session.send("HeapProfiler.collectGarbage");
    heaps.push((await session.send("Runtime.getHeapUsage")).usedSize);
  }
  return heaps;
}

/** For each tab, the most requests that were sent in vain within any one second after the hub was gone. */
async function attemptsWhileGone(tabs: readonly Tab[], fleet: WorkingFleet): Promise<readonly number[]> {
  const sent = tabs.map(() => [] as number[]);
  const startedAt = new WeakMap<Request, number>();
  let goneAt = Number.POSITIVE_INFINITY;
  for (const [index, { page }] of tabs.entries()) {
    page.on("request", (request) => startedAt.set(request, performance.now()));
    page.on("requestfailed", (request) => {
      const at = startedAt.get(request);
      if (at !== undefined && at > goneAt) sent[index]!.push(at);
    });
  }
  await fleet.hub.command.end("SIGKILL");
  goneAt = performance.now();
  await pause(goneMs);
  fleet.hub = await startHubProcess(fleet.hubDir);
  for (const { page } of tabs)
    await page.getByText("No answer from the hub").waitFor({ state: "hidden", timeout: 60_000 });
  return sent.map((times) => mostInOneSecond(times.toSorted((a, b) => a - b)));
}

/** The most of some rising times that lie within one second. */
function mostInOneSecond(times: readonly number[]): number {
  return times.reduce((most, from) => Math.max(most, times.filter((at) => at >= from && at < from + 1000).length), 0);
}

function heapResults(early: readonly number[], late: readonly number[]): BenchResult[] {
  return paths.map((path, index) => {
    const mb = (bytes: number | undefined) => (bytes ?? Number.NaN) / 1e6;
    const growth = mb(late[index]) - mb(early[index]);
    return {
      id: `page-memory.heap ${path}`,
      what: `heap after forced collection, minute ${fullMinutes} minus minute ${firstLookMinute}`,
      value: growth,
      unit: "MB",
      goal: `≤ ${growthGoalMb} MB`,
      met: growth <= growthGoalMb,
      n: 1,
      note: `${mb(early[index]).toFixed(1)} MB, then ${mb(late[index]).toFixed(1)} MB`,
    };
  });
}

function attemptsResult(attempts: readonly number[]): BenchResult {
  const most = Math.max(...attempts);
  return {
    id: "page-memory.attempts",
    what: `most requests of a tab in vain in any second while the hub was gone for ${goneMs / 1000} s`,
    value: most,
    unit: "attempts",
    goal: `≤ ${attemptsGoal}`,
    met: most <= attemptsGoal,
    n: attempts.length,
    note: paths.map((path, index) => `${path}: ${attempts[index]}`).join(", "),
  };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
