import { existsSync } from "node:fs";
import { type Browser, chromium, type Page } from "playwright-core";

const chromiumPath = process.env.FIELDLOOP_CHROMIUM ?? "/usr/bin/chromium";

/** Why tests of the page cannot run here, or false. */
export const withoutBrowser: string | false = existsSync(chromiumPath)
  ? false
  : `needs Chromium at ${chromiumPath} (as root: apt-get install chromium)`;

/** Starts Chromium without a window. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: chromiumPath,
    args: ["--no-sandbox", "--disable-dev-shm-usage", "--js-flags=--expose-gc", "--enable-precise-memory-info"],
  });
}

/** How a page is looked at. */
export type Look = { readonly scheme: "light" | "dark"; readonly width: number; readonly height?: number };

/** The looks that every page must bear: phone and desk, light and dark. */
export const looks: readonly Look[] = [
  { scheme: "light", width: 1440 },
  { scheme: "dark", width: 1440 },
  { scheme: "light", width: 390 },
  { scheme: "dark", width: 390 },
];

/** Opens a tab of its own session. What the page should not say is gathered in `complaints`. */
export async function openTab(
  browser: Browser,
  baseURL: string,
  { scheme, width, height = width < 700 ? 844 : 900 }: Look,
): Promise<{ readonly page: Page; readonly complaints: string[] }> {
  const context = await browser.newContext({
    baseURL,
    colorScheme: scheme,
    viewport: { width, height },
    reducedMotion: "reduce",
    timezoneId: "Europe/Berlin",
    locale: "en-GB",
    permissions: ["clipboard-write"],
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    // A refused request is the page's business to show; Chromium writes it to the console by itself.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource"))
      complaints.push(message.text());
  });
  return { page, complaints };
}
