import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HubClient } from "@fieldloop/cloud-hub";
import type { Page } from "playwright-core";
import { fillGallery } from "../bench/gallery-data.ts";
import { until } from "../journeys/device-process.ts";
import { type HubProcess, startHubProcess } from "../journeys/hub-process.ts";
import { openBrowser, openTab } from "./browser.ts";
import { labelByKeyboard, type Pressed, watchImages } from "./label-by-keyboard.ts";

/** How a run of labelling ended. lost: answers that the hub does not hold as given · twice: samples with two rows */
export type LabellingRun = {
  readonly pressed: readonly Pressed[];
  readonly lost: readonly string[];
  readonly twice: readonly string[];
  readonly complaints: readonly string[];
};

const look = { scheme: "light", width: 1440 } as const;
/** Answers given while the hub is gone. */
const whileGone = 5;

/**
 * A script labels samples by keyboard through the page; half way the hub is killed and started again, or the browser cut off.
 * samples: in the hub, of which about one in twenty-five is an open question of the audit queue
 */
export async function runLabelling(options: {
  readonly labels: number;
  readonly samples: number;
  readonly interruption: "kill" | "cut-off";
  readonly log: (line: string) => void;
}): Promise<LabellingRun> {
  const { labels, samples, interruption, log } = options;
  const dir = await mkdtemp(join(tmpdir(), "fieldloop-labelling-"));
  let hub: HubProcess | undefined;
  const browser = await openBrowser();
  try {
    log(`filling a hub with ${samples} samples`);
    const { classes } = await fillGallery(dir, samples);
    hub = await startHubProcess(dir);
    const { page, complaints } = await openTab(browser, hub.url, look);
    await signIn(page, hub.url, dir);
    await page.goto("/samples/label?kind=audit");
    await watchImages(page);
    log("labelling");
    const first = await labelByKeyboard(page, Math.floor(labels / 2));
    if (interruption === "kill") await hub.command.end("SIGKILL");
    else await page.context().setOffline(true);
    const gone = await labelByKeyboard(page, whileGone);
    if (interruption === "kill") hub = await startHubProcess(dir);
    else await page.context().setOffline(false);
    await page.getByText("No answer from the hub").waitFor({ state: "hidden", timeout: 60_000 });
    const rest = await labelByKeyboard(page, labels - first.length - gone.length);
    const pressed = [...first, ...gone, ...rest];
    await until("every answer had arrived", async () => (await waitingAnswers(page)) === 0, 60_000);
    return { pressed, complaints, ...(await compare(hub.client, classes, pressed)) };
  } finally {
    await browser.close();
    await hub?.command.end("SIGKILL");
    await rm(dir, { recursive: true, force: true });
  }
}

/** Signs a browser in with the hub's own token. */
export async function signIn(page: Page, url: string, dataDir: string): Promise<void> {
  const token = (await readFile(join(dataDir, "token"), "utf8")).trim();
  const response = await page.request.post(`${url}/v1/session`, { data: { token }, headers: { origin: url } });
  if (!response.ok())
    throw new Error(`Expected to be signed in, got HTTP ${response.status()}: ${await response.text()}`);
}

const waitingAnswers = (page: Page): Promise<number> =>
  page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith("fieldloop.outbox.")).length);

async function compare(client: HubClient, classes: readonly string[], pressed: readonly Pressed[]) {
  const lost: string[] = [];
  const twice: string[] = [];
  for (const { sample, key } of pressed) {
    const rows = (await client.labelHistory(sample)).filter(({ kind }) => kind === "human");
    const wanted = rows.filter((row) => row.holds && row.state === "answered" && classes.includes(row.class));
    if (wanted.length !== 1) lost.push(`${sample} (key ${key})`);
    if (rows.length > 1) twice.push(sample);
  }
  const again = pressed.filter(({ sample }, index) => pressed.findIndex((each) => each.sample === sample) !== index);
  return { lost, twice: [...twice, ...again.map(({ sample }) => sample)] };
}
