#!/usr/bin/env node
// Plain JavaScript for any Node from 20 on; the program itself runs on the pinned one.
import { runPinned } from "../../scripts/pinned-node.mjs";

runPinned(new URL("../src/cli/main.ts", import.meta.url));
