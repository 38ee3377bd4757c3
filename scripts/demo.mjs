import { runPinned } from "./pinned-node.mjs";

runPinned(new URL("../examples/road-signs/src/main.ts", import.meta.url));
