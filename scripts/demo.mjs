import { ensurePage } from "./build-page.mjs";
import { ensureInstalled } from "./install.mjs";
import { runPinned } from "./pinned-node.mjs";

ensureInstalled();
ensurePage();
runPinned(new URL("../examples/road-signs/src/main.ts", import.meta.url));
