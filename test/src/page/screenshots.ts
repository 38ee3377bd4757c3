import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Browser, Page } from "playwright-core";
import { readOptions } from "../read-options.ts";
import { barriers } from "./accessibility.ts";
import { looks, openBrowser, openTab, withoutBrowser } from "./browser.ts";
import { moodyPages, type ShownPage, settlesIn, shownPages } from "./shown-pages.ts";
import { type Mood, type StagedHub, startStagedHub } from "./staged-hub.ts";

const { values } = readOptions({
  out: { type: "string", default: "pictures" },
  only: { type: "string" },
  hub: { type: "string" },
  axe: { type: "boolean", default: false },
});

if (withoutBrowser !== false) {
  process.stderr.write(`Expected a browser for pictures: ${withoutBrowser}.\n`);
  process.exit(1);
}
const out = resolve(values.out);
await mkdir(out, { recursive: true });
const browser = await openBrowser();
try {
  if (values.hub === undefined) await takeStaged(browser);
  else await takeForReadme(browser, values.hub);
} finally {
  await browser.close();
}

/** Every page in every state with prepared answers: pages for looking at, not measurements. */
async function takeStaged(browser: Browser): Promise<void> {
  const hub = await startStagedHub();
  try {
    const wanted = ({ name }: { name: string }) => values.only === undefined || name.startsWith(values.only);
    for (const shown of shownPages.filter(wanted)) await takeLooks(browser, hub, shown, "full");
    for (const { name, path } of moodyPages.filter(wanted)) {
      for (const mood of ["empty", "failing", "waiting"] as const) {
        await takeLooks(browser, hub, { name: `${name}-${mood}`, path, settle: settlesIn[mood] }, mood);
      }
    }
  } finally {
    await hub.close();
  }
}

async function takeLooks(browser: Browser, hub: StagedHub, shown: ShownPage, mood: Mood): Promise<void> {
  hub.become(mood);
  for (const look of looks) {
    const { page, complaints } = await openTab(browser, hub.url, look);
    await page.goto(shown.path);
    await page
      .locator(shown.settle)
      .first()
      .waitFor({ timeout: 10_000 })
      .catch(() => complaints.push(`never showed ${shown.settle}`));
    await shown.prepare?.(page);
    await page.waitForTimeout(250);
    await take(page, `${shown.name}-${look.width}-${look.scheme}`);
    if (values.axe) complaints.push(...(await barriers(page)));
    for (const complaint of complaints)
      process.stdout.write(`${shown.name} ${look.width} ${look.scheme}: ${complaint}\n`);
    await page.context().close();
  }
}

/** The pictures of the README, from a hub that really ran. */
async function takeForReadme(browser: Browser, url: string): Promise<void> {
  for (const { name, path } of [
    { name: "loop", path: "/" },
    { name: "rollouts", path: "/rollouts" },
    { name: "samples", path: "/samples" },
  ]) {
    for (const scheme of ["light", "dark"] as const) {
      const { page } = await openTab(browser, url, { scheme, width: 1280, height: 800 });
      await page.goto(path);
      if (name === "rollouts") await page.locator("tbody a").first().click();
      await page.waitForLoadState("networkidle", { timeout: 3000 }).catch(() => undefined); // the live stream never rests
      await page.screenshot({ path: join(out, `${name}-${scheme}.png`) });
      await page.context().close();
    }
  }
}

async function take(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(out, `${name}.png`), fullPage: true });
}
