#!/usr/bin/env node
// Plain JavaScript for any Node from 20 on; the program itself runs on the pinned one.
// @boundaries-ignore the launcher runs before anything is installed, so no package can offer it
import { runPinned } from "../../scripts/pinned-node.mjs";

runPinned(new URL("../src/cli/main.ts", import.meta.url));
