// Installs what is missing. Plain JavaScript: it runs on any Node from 20 on, before anything is installed.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const marker = `${root}node_modules/.fieldloop-installed`;

/** The pinned Node, by its path. */
export const pinnedNode = `${root}node_modules/node/bin/node${process.platform === "win32" ? ".exe" : ""}`;

/** Runs `npm ci` unless the lockfile's state is installed already; ends the process with a sentence when that fails. */
export function ensureInstalled() {
  const wanted = createHash("sha256")
    .update(readFileSync(`${root}package-lock.json`))
    .digest("hex");
  if (existsSync(pinnedNode) && existsSync(marker) && readFileSync(marker, "utf8") === wanted) return;
  process.stderr.write("Installing what is missing (npm ci, about a minute)…\n");
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  const result = spawnSync(npm, ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    encoding: "utf8",
    // onnxruntime-node would otherwise download a CUDA provider that nothing here uses.
    env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: "skip" },
  });
  if (result.status !== 0 || !existsSync(pinnedNode)) {
    process.stderr.write(`${result.stdout ?? ""}${result.stderr ?? ""}`);
    process.stderr.write(
      `Expected "npm ci" to install into ${root}node_modules, it ended with ${result.status ?? result.error}; see its message above, then run the command again.\n`,
    );
    process.exit(1);
  }
  writeFileSync(marker, wanted);
}
