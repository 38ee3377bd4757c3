// npm run screenshots: every page in every state with prepared answers into pictures/; with --hub URL the README's pictures
// from a hub that runs (npm run demo leaves one), into docs/.
import { ensurePage } from "./build-page.mjs";
import { ensureInstalled } from "./install.mjs";
import { runPinned } from "./pinned-node.mjs";

ensureInstalled();
ensurePage();
const args = process.argv.slice(2);
const isForReadme = args.includes("--hub") && !args.includes("--out");
runPinned(
  new URL("../test/src/page/screenshots.ts", import.meta.url),
  isForReadme ? [...args, "--out", "docs/pictures"] : args,
);
