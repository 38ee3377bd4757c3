import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { barriers } from "./accessibility.ts";
import { type Look, openBrowser, openTab, withoutBrowser } from "./browser.ts";
import { shownPages } from "./shown-pages.ts";
import { type StagedHub, startStagedHub } from "./staged-hub.ts";

const skip = withoutBrowser;
let browser: Browser;
let hub: StagedHub;
/** A desk by day and a phone at night; each goes from page to page, so that code is read once. */
const tabs: { readonly look: Look; readonly page: Page; readonly complaints: string[] }[] = [];

before(async () => {
  if (skip !== false) return;
  [browser, hub] = await Promise.all([openBrowser(), startStagedHub()]);
  for (const look of [
    { width: 1440, scheme: "light" },
    { width: 390, scheme: "dark" },
  ] as const) {
    tabs.push({ look, ...(await openTab(browser, hub.url, look)) });
  }
});
after(async () => {
  await browser?.close();
  await hub?.close();
});

for (const { name, path, settle, prepare } of shownPages) {
  test(`${name} shuts nobody out, light and dark, and writes nothing that the hub's policy forbids`, {
    skip,
  }, async () => {
    hub.become("full");
    for (const { look, page, complaints } of tabs) {
      await page.goto(path);
      await page.locator(settle).filter({ visible: true }).first().waitFor();
      await prepare?.(page);
      assert.deepEqual(await barriers(page), [], `${look.width} ${look.scheme}`);
      assert.deepEqual(complaints.splice(0), []);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(overflow <= 0, `${name} is ${overflow} px wider than ${look.width}`);
    }
  });
}
