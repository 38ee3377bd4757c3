// npm test: installs what is missing, then runs every test. Arguments are handed to the test runner.
import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { ensurePage } from "./build-page.mjs";
import { ensureInstalled, pinnedEnv, pinnedNode } from "./install.mjs";
import { offerSystemPackages } from "./system-packages.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const rooms = ["devices", "edge-runtime", "compiler", "cloud-hub", "cloud-hub/web", "examples/road-signs", "test"];

ensureInstalled();
ensurePage();
offerSystemPackages();
const named = process.argv.slice(2);
const files = named.length > 0 ? named : rooms.map((room) => `${room}/src/**/*.test.ts`);
/** Journeys wait for processes and clocks as often as they compute, so one file more than there are cores. */
const atOnce = Math.min(availableParallelism(), 7) + 1;
const result = spawnSync(
  pinnedNode,
  ["--conditions=fieldloop", "--test", `--test-concurrency=${atOnce}`, "--test-timeout=300000", ...files],
  { cwd: root, stdio: "inherit", env: pinnedEnv },
);
process.exit(result.status ?? 1);
