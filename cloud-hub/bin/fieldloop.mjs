#!/usr/bin/env node
import { runPinned } from "../../scripts/pinned-node.mjs";

runPinned(new URL("../src/cli/main.ts", import.meta.url));
