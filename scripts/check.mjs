// npm run check: types, format and lint, boundaries between rooms, unused files and exports.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { ensureInstalled, pinnedNode } from "./install.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const bin = `${root}node_modules/.bin/`;
const checks = [
  { name: "types", command: [`${bin}tsc`, "-b", "--pretty", "false"] },
  { name: "format and lint", command: [`${bin}biome`, "ci", "--colors=off", "."] },
  { name: "boundaries between rooms", command: [`${bin}turbo`, "boundaries"] },
  { name: "unused files, exports and dependencies", command: [pinnedNode, `${root}node_modules/knip/bin/knip.js`] },
];

ensureInstalled();
const env = { ...process.env, TURBO_TELEMETRY_DISABLED: "1", DO_NOT_TRACK: "1" };
const failed = checks.filter(({ name, command: [program, ...args] }) => {
  process.stdout.write(`\n── ${name}\n`);
  return spawnSync(program, args, { cwd: root, stdio: "inherit", env }).status !== 0;
});
process.stdout.write(
  failed.length === 0 ? "\nAll checks pass.\n" : `\nFailed: ${failed.map(({ name }) => name).join("; ")}.\n`,
);
process.exit(failed.length === 0 ? 0 : 1);
