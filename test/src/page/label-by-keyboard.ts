import { randomInt } from "node:crypto";
import type { Page } from "playwright-core";

/** What a script pressed, and how long each next image took. sample: what was shown · keyToImageMs: until the next was drawn */
export type Pressed = { readonly sample: string; readonly key: string; readonly keyToImageMs: number };

/** Time from a key to the next image, as the browser has it. The window hears a key before anything in the page does. */
const watchSource = `(() => {
  const watch = { from: 0, before: "", took: [] };
  const stage = () => document.querySelector("[data-sample]");
  window.addEventListener("keydown", (event) => {
    watch.from = event.timeStamp;
    watch.before = stage()?.getAttribute("data-sample") ?? "";
  }, { capture: true });
  const look = () => {
    const image = stage()?.querySelector("img");
    const isNext = watch.from > 0 && stage()?.getAttribute("data-sample") !== watch.before;
    if (isNext && image?.complete && image.naturalWidth > 0) {
      watch.took.push(performance.now() - watch.from);
      watch.from = 0;
    }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
  window.labelWatch = watch;
})()`;

type Watch = { readonly took: readonly number[] };

/** Begins to measure on a page that shows questions. */
export async function watchImages(page: Page): Promise<void> {
  await page.locator("[data-sample] img").waitFor();
  await page.evaluate(watchSource);
}

/** Answers as many questions by digit keys, each as soon as its image is drawn. */
export async function labelByKeyboard(page: Page, labels: number): Promise<readonly Pressed[]> {
  const pressed: Pressed[] = [];
  for (let label = 0; label < labels; label += 1) {
    const sample = (await page.locator("[data-sample]").getAttribute("data-sample")) ?? "";
    const key = String(1 + randomInt(9));
    const before = await tookCount(page);
    await page.keyboard.press(key);
    await page.waitForFunction(
      (count) => (window as unknown as { labelWatch: Watch }).labelWatch.took.length > count,
      before,
      { timeout: 30_000, polling: "raf" },
    );
    pressed.push({ sample, key, keyToImageMs: await lastTook(page) });
  }
  return pressed;
}

// The watch is what `watchImages` installed.
const tookCount = (page: Page): Promise<number> =>
  page.evaluate(() => (window as unknown as { labelWatch: Watch }).labelWatch.took.length);
const lastTook = (page: Page): Promise<number> =>
  page.evaluate(() => (window as unknown as { labelWatch: Watch }).labelWatch.took.at(-1) ?? Number.NaN);
