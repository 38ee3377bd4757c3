import { runPinned } from "./pinned-node.mjs";

runPinned(new URL("../test/src/bench/main.ts", import.meta.url));
