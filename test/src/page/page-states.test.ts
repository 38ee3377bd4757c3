import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { barriers } from "./accessibility.ts";
import { looks, openBrowser, openTab, withoutBrowser } from "./browser.ts";
import { moodyPages, shownPages } from "./shown-pages.ts";
import { type StagedHub, startStagedHub } from "./staged-hub.ts";

const skip = withoutBrowser;
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

for (const { name, path, settle, prepare } of shownPages) {
  test(`${name} shuts nobody out, light and dark, and writes nothing that the hub's policy forbids`, {
    skip,
  }, async () => {
    hub.become("full");
    for (const look of looks.filter(({ width, scheme }) => (width === 1440) === (scheme === "light"))) {
      const { page, complaints } = await openTab(browser, hub.url, look);
      await page.goto(path);
      await page.locator(settle).first().waitFor();
      await prepare?.(page);
      assert.deepEqual(await barriers(page), [], `${look.width} ${look.scheme}`);
      assert.deepEqual(complaints, []);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(overflow <= 0, `${name} is ${overflow} px wider than ${look.width}`);
      await page.context().close();
    }
  });
}

for (const mood of ["empty", "failing", "waiting"] as const) {
  test(`every page has a ${mood} state that shuts nobody out`, { skip }, async () => {
    hub.become(mood);
    for (const { name, path } of moodyPages) {
      const { page, complaints } = await openTab(browser, hub.url, { width: 390, scheme: "light" });
      await page.goto(path);
      const main = page.locator("main");
      if (mood === "failing") await main.getByRole("alert").first().waitFor({ timeout: 15_000 });
      else if (mood === "waiting") await main.getByRole("status").first().waitFor();
      else await main.locator("h1, h2").first().waitFor();
      assert.deepEqual(await barriers(page), [], name);
      assert.deepEqual(complaints, [], name);
      await page.context().close();
    }
    hub.become("full");
  });
}
