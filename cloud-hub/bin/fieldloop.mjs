#!/usr/bin/env node
// @boundaries-ignore the launcher runs before anything is installed, so no package can offer it
import { ensurePage } from "../../scripts/build-page.mjs";
// @boundaries-ignore as above
import { ensureInstalled } from "../../scripts/install.mjs";
// @boundaries-ignore as above
import { runPinned } from "../../scripts/pinned-node.mjs";

if (process.argv[2] === "hub") {
  ensureInstalled();
  ensurePage();
}
runPinned(new URL("../src/cli/main.ts", import.meta.url));
