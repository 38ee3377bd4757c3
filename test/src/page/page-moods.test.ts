import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { barriers } from "./accessibility.ts";
import { openBrowser, openTab, withoutBrowser } from "./browser.ts";
import { moodyPages, settlesIn } from "./shown-pages.ts";
import { type StagedHub, startStagedHub } from "./staged-hub.ts";

const skip = withoutBrowser;
const look = { width: 390, scheme: "dark" } as const;
let browser: Browser;
let hub: StagedHub;

before(async () => {
  if (skip !== false) return;
  [browser, hub] = await Promise.all([openBrowser(), startStagedHub()]);
});
after(async () => {
  await browser?.close();
  await hub?.close();
});

for (const mood of ["empty", "failing", "waiting"] as const) {
  test(`every page has a ${mood} state that shuts nobody out`, { skip }, async () => {
    hub.become(mood);
    const { page, complaints } = await openTab(browser, hub.url, look);
    for (const { name, path } of moodyPages) {
      await page.goto(path);
      await page
        .locator(settlesIn[mood])
        .first()
        .waitFor({ timeout: 12_000 })
        .catch((cause) => assert.fail(`${name}: ${cause}`));
      assert.deepEqual(await barriers(page), [], name);
      assert.deepEqual(complaints.splice(0), [], name);
    }
    await page.context().close();
  });
}
