import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { until } from "../journeys/device-process.ts";
import { WorkingFleet } from "../journeys/working-fleet.ts";
import { openBrowser, openTab, withoutBrowser } from "./browser.ts";

const skip = withoutBrowser;
const look = { scheme: "light", width: 1280 } as const;
let browser: Browser;
let fleet: WorkingFleet;

before(async () => {
  if (skip !== false) return;
  browser = await openBrowser();
  fleet = await WorkingFleet.start();
  await fleet.traffic(12);
  await secondRelease(fleet);
});
after(async () => {
  await browser?.close();
  await fleet?.end();
});

/** The same version under another policy: something to roll out. */
async function secondRelease({ client, version }: WorkingFleet): Promise<void> {
  const policy = {
    predictions: "none" as const,
    sketchWindowMs: 1000,
    audit: { rate: 0.25, key: "1".repeat(32) },
    scorers: [],
  };
  await client.createRelease({ version, policy, profiles: ["x86-64"], budget: { maxSlowdown: 50 } });
}

const press = async (page: Page, ...keys: readonly string[]): Promise<void> => {
  for (const key of keys) await page.keyboard.press(key);
};

/** Signs in by keyboard alone, with the hub's own token. */
async function signIn(page: Page): Promise<void> {
  const token = (await readFile(join(fleet.hubDir, "token"), "utf8")).trim();
  await page
    .getByRole("button", { name: /^Settings/ })
    .first()
    .focus();
  await press(page, "Enter");
  await page.getByRole("menuitem", { name: "Sign in" }).waitFor();
  await press(page, "ArrowDown", "Enter");
  await page.getByLabel("Token").waitFor();
  await page.keyboard.type(token);
  await press(page, "Enter");
  await page.getByRole("button", { name: /^Settings, admin/ }).waitFor();
  await dialogGone(page);
}

/** Keys go to a dialog for as long as it is seen, its going included. */
const dialogGone = (page: Page): Promise<void> => page.getByRole("dialog").waitFor({ state: "hidden" });

test("a device is found and opened without a mouse, and the filter stands in the address", { skip }, async () => {
  const { page, complaints } = await openTab(browser, fleet.hub.url, look);
  await page.goto("/");
  await page.getByText("kept today").waitFor();
  await press(page, "Tab", "Enter");
  assert.equal(await page.evaluate(() => document.activeElement?.id), "main", "the skip link leads to the page");
  await press(page, "g", "d");
  await page.waitForURL("**/devices");
  await page.getByRole("heading", { name: "Devices", level: 1 }).waitFor(); // the loop names its devices as well
  await page.getByRole("link", { name: "reader-1", exact: true }).waitFor();
  await press(page, "/");
  await page.keyboard.type("reader");
  await page.waitForURL("**/devices?text=reader");
  await press(page, "Escape");
  await page.getByRole("link", { name: "reader-1", exact: true }).focus();
  await press(page, "Enter");
  await page.waitForURL("**/devices/reader-1");
  await page
    .getByRole("img", { name: /^Sample answered/ })
    .first()
    .waitFor();
  await press(page, "?");
  await page.getByRole("dialog").getByText("Go to Rollouts").waitFor();
  await press(page, "Escape");
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test("what a visitor may not do is disabled and says why; signed in, a rollout is started and paused by keyboard", {
  skip,
}, async () => {
  const { page, complaints } = await openTab(browser, fleet.hub.url, look);
  await page.goto("/rollouts");
  const start = page.getByRole("button", { name: "Start a rollout" });
  assert.match((await start.getAttribute("aria-description")) ?? "", /^Sign in as an operator/);
  await signIn(page);
  const cookies = await page.context().cookies();
  assert.ok(cookies.every(({ httpOnly, sameSite }) => httpOnly && sameSite === "Strict") && cookies.length === 1);
  await press(page, "n");
  const dialog = page.getByRole("dialog");
  await dialog.getByText("Longest soak").waitFor();
  await dialog.getByLabel("Group").fill("nobody");
  await press(page, "Enter");
  await dialog.getByRole("alert").waitFor();
  assert.match((await dialog.getByRole("alert").textContent()) ?? "", /nobody/, "the hub's own sentence is shown");
  await dialog.getByLabel("Group").fill("all");
  await press(page, "Enter");
  await page.waitForURL("**/rollouts/*");
  await page.getByRole("button", { name: "Pause" }).waitFor();
  await dialogGone(page);
  await press(page, "p");
  await page.getByRole("dialog").getByLabel("Reason").fill("the harbour closes at noon");
  await press(page, "Enter");
  await page.getByText("the harbour closes at noon").first().waitFor();
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test("three tabs share one stream, and what changes appears in all of them", { skip }, async () => {
  const { page, complaints } = await openTab(browser, fleet.hub.url, look);
  const context = page.context();
  const streams = countRequests(context, /\/v1\/events$/);
  await page.goto("/devices");
  const others = [await context.newPage(), await context.newPage()];
  for (const other of others) await other.goto("/devices");
  await until("one stream stands", async () => streams.length > 0);
  await fleet.client.addDevice({ device: "reader-new", profile: "x86-64" });
  for (const tab of [page, ...others]) await tab.getByRole("link", { name: "reader-new", exact: true }).waitFor();
  assert.equal(streams.length, 1);
  await page.close();
  await until("another tab took over", async () => streams.length === 2);
  assert.deepEqual(complaints, []);
  await context.close();
});

test("a page outlives its hub: it says since when, comes back by itself, and does not storm", { skip }, async () => {
  const { page } = await openTab(browser, fleet.hub.url, look);
  await page.goto("/devices");
  await page.getByRole("link", { name: "reader-1", exact: true }).waitFor();
  const attempts = countRequests(page.context(), /\/v1\//);
  await fleet.hub.command.end("SIGKILL");
  await page.getByText(/No answer from the hub since \d\d:\d\d:\d\d \(UTC\+1\)/).waitFor();
  assert.ok(
    await page.getByRole("link", { name: "reader-1", exact: true }).isVisible(),
    "what was there is still shown",
  );
  await page.waitForTimeout(6000);
  assert.ok(attempts.length >= 2, "it keeps trying");
  assert.ok(mostInASecond(attempts) <= 2, `${mostInASecond(attempts)} attempts in a second`);
  await fleet.startHub();
  await page.getByText(/No answer from the hub/).waitFor({ state: "detached", timeout: 40_000 });
  await page.context().close();
});

/** The times of requests to addresses of a kind, by any tab of a session. */
function countRequests(context: BrowserContext, address: RegExp): number[] {
  const times: number[] = [];
  context.on("request", (request) => {
    if (address.test(request.url())) times.push(Date.now());
  });
  return times;
}

const mostInASecond = (times: readonly number[]): number =>
  Math.max(0, ...times.map((from) => times.filter((at) => at >= from && at < from + 1000).length));
