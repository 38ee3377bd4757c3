import type { Page } from "playwright-core";
import { digestNamed } from "./staged-releases.ts";

/** A page as it is looked at. settle: a word that shows that it is there · prepare: what is done before it is looked at */
export type ShownPage = {
  readonly name: string;
  readonly path: string;
  readonly settle: string;
  readonly prepare?: (page: Page) => Promise<void>;
};

const dialog = (page: Page) => page.getByRole("dialog").waitFor();

/** Every page and dialog, with the staged hub's answers. */
export const shownPages: readonly ShownPage[] = [
  { name: "loop", path: "/", settle: "text=kept today" },
  { name: "devices", path: "/devices", settle: "text=reader-07" },
  { name: "devices-filtered", path: "/devices?text=failing&sort=-seen", settle: "text=reader-07" },
  { name: "devices-no-match", path: "/devices?text=submarine", settle: "text=No device matches" },
  { name: "device", path: "/devices/reader-07", settle: "text=int8-vnni" },
  { name: "rollouts", path: "/rollouts", settle: "text=stopped for harm" },
  { name: "rollout-running", path: "/rollouts/o_running", settle: "text=Health of wave 2" },
  { name: "rollout-harm", path: "/rollouts/o_harm", settle: "text=Health of wave 1" },
  { name: "rollout-many", path: "/rollouts/o_paused", settle: "text=Health of wave 2" },
  {
    name: "rollout-abort",
    path: "/rollouts/o_running",
    settle: "text=Health of wave 2",
    prepare: async (page) => {
      await page.getByRole("button", { name: "Abort" }).click();
      await dialog(page);
    },
  },
  {
    name: "rollout-start",
    path: "/rollouts",
    settle: "text=stopped for harm",
    prepare: async (page) => {
      await page.getByRole("button", { name: "Start a rollout" }).click();
      await page.getByRole("dialog").getByText("Longest soak").waitFor();
    },
  },
  {
    name: "keyboard",
    path: "/devices",
    settle: "text=reader-07",
    prepare: async (page) => {
      await page.keyboard.press("?");
      await dialog(page);
    },
  },
  { name: "samples", path: "/samples", settle: "text=speed limit 50" },
  {
    name: "samples-filtered",
    path: "/samples?class=stop&confidenceBelow=0.9&device=Reader",
    settle: "text=so it is ignored",
  },
  { name: "samples-no-match", path: "/samples?class=submarine&device=reader-01", settle: "text=Take off" },
  { name: "samples-similar", path: "/samples?similarTo=s_00000000000000000005", settle: "text=Nearest first" },
  { name: "sample", path: "/samples?open=s_00000000000000000005", settle: "text=What learned from it" },
  {
    name: "samples-filter",
    path: "/samples",
    settle: "text=speed limit 50",
    prepare: async (page) => {
      await page.getByRole("button", { name: "Filter" }).click();
      await page.getByLabel("Predicted class").waitFor();
    },
  },
  {
    name: "samples-chosen",
    path: "/samples",
    settle: "text=speed limit 50",
    prepare: async (page) => {
      await page.locator('[data-index="1"]').focus();
      for (const key of ["x", "ArrowRight", "x"]) await page.keyboard.press(key);
      await page.getByText("2 chosen").waitFor();
    },
  },
  { name: "label", path: "/samples/label", settle: "text=suggested" },
  {
    name: "label-track",
    path: "/samples/label",
    settle: "text=suggested",
    prepare: async (page) => {
      await page.keyboard.press("ArrowRight");
      await page.getByText("One answer for all").waitFor();
    },
  },
  { name: "runs", path: "/runs", settle: "text=r_running" },
  { name: "run", path: "/runs/r_running6789abcdef0123", settle: "text=loss.sign, step" },
  { name: "run-failed", path: "/runs/r_failed456789abcdef012", settle: "text=Expected 12 classes" },
  { name: "models", path: "/models", settle: "main tbody a" },
  { name: "version", path: `/models/${digestNamed("version v4")}`, settle: "text=What was taken for what" },
  { name: "compare", path: "/models/compare", settle: "text=the whole interval lies above 0" },
  { name: "release", path: `/models/releases/${digestNamed("v4")}`, settle: "text=Devices that run it" },
  { name: "nowhere", path: "/nowhere", settle: "text=No such page" },
];

/** Pages that show something of their own when there is nothing, when it fails, and while it is on its way. */
export const moodyPages = [
  { name: "loop", path: "/" },
  { name: "devices", path: "/devices" },
  { name: "device", path: "/devices/reader-07" },
  { name: "rollouts", path: "/rollouts" },
  { name: "rollout", path: "/rollouts/o_running" },
  { name: "samples", path: "/samples" },
  { name: "label", path: "/samples/label" },
  { name: "runs", path: "/runs" },
  { name: "models", path: "/models" },
] as const;

/** What a page shows once it settled in a state that is no full one. */
export const settlesIn = {
  empty: "main h1",
  failing: "main [role=alert]",
  waiting: "main :is([role=status], [aria-busy=true])",
} as const;
