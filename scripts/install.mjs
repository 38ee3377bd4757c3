// Installs what is missing. Plain JavaScript: it runs on any Node from 20 on, before anything is installed.
import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { release, whileLocked } from "./lock.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
/** npm's own record of what it installed; it is written last. */
const installed = `${root}node_modules/.package-lock.json`;
/** Held while one process installs; others wait for it. */
const lock = `${root}.installing`;
const lockLifeMs = 15 * 60_000;

/** The pinned Node, by its path. */
export const pinnedNode = `${root}node_modules/node/bin/node${process.platform === "win32" ? ".exe" : ""}`;

/** The environment of the pinned Node: what it compiled once it keeps, a second less for every start; nothing where it may not. */
export const pinnedEnv = { NODE_COMPILE_CACHE: `${root}node_modules/.cache/fieldloop/compiled`, ...process.env };

/**
 * Installs by the lockfile when nothing is installed or the lockfile is newer; ends the process with a sentence when that
 * fails. What is there already is only added to, since other programs may be running from it.
 */
export function ensureInstalled() {
  if (!existsSync(lock) && isInstalled()) return;
  whileLocked(lock, lockLifeMs, () => {
    if (!isInstalled()) install(existsSync(installed) ? ["install", "--no-save"] : ["ci"]);
  });
}

function isInstalled() {
  if (!existsSync(pinnedNode) || !existsSync(installed)) return false;
  return changedAt(installed) >= changedAt(`${root}package-lock.json`);
}

function install(command) {
  process.stderr.write("Installing what is missing from npm, about a minute…\n");
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  const result = spawnSync(npm, [...command, "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    encoding: "utf8",
    shell: process.platform === "win32",
    // onnxruntime-node would otherwise download a CUDA provider that nothing here uses.
    env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: "skip" },
  });
  if (result.status === 0 && existsSync(pinnedNode)) return;
  release(lock);
  process.stderr.write(`${result.stdout ?? ""}${result.stderr ?? ""}`);
  process.stderr.write(
    `Expected "npm ${command[0]}" to install into ${root}node_modules, it ended with ${result.status ?? result.error}; see its message above, then run the command again.\n`,
  );
  process.exit(1);
}

const changedAt = (path) => statSync(path).mtimeMs;
