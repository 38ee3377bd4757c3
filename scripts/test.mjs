// npm test: installs what is missing, then runs every test. Arguments are handed to the test runner.
import { spawnSync } from "node:child_process";
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
const result = spawnSync(
  pinnedNode,
  ["--conditions=fieldloop", "--test", "--test-concurrency=2", "--test-timeout=300000", ...files],
  { cwd: root, stdio: "inherit", env: pinnedEnv },
);
process.exit(result.status ?? 1);
