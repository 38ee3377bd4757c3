// Builds the hub's page when its sources changed. Plain JavaScript: it runs on any Node from 20 on.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { pinnedNode } from "./install.mjs";
import { whileLocked } from "./lock.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const web = join(root, "cloud-hub", "web");
const output = join(web, "dist");
const stamp = join(output, ".sources");
/** Held while one process builds; others wait for it. */
const lock = join(web, ".building");
const lockLifeMs = 2 * 60_000;
const sources = ["src", "public", "index.html", "vite.config.ts", "package.json", "tsconfig.json"];

/**
 * Builds the page into cloud-hub/web/dist when its sources differ from what was built last. Says nothing when nothing
 * changed. A build that fails leaves the page that was there and gives one sentence; the hub starts all the same.
 */
export function ensurePage() {
  if (readStamp() === hashOfSources()) return;
  whileLocked(lock, lockLifeMs, () => {
    const hash = hashOfSources();
    if (readStamp() !== hash) build(hash);
  });
}

function build(hash) {
  const begun = Date.now();
  const fresh = join(web, `.dist-${process.pid}`);
  const vite = join(root, "node_modules", "vite", "bin", "vite.js");
  const { status, stderr, stdout, error } = spawnSync(
    pinnedNode,
    [vite, "build", "--outDir", fresh, "--emptyOutDir", "--logLevel", "error"],
    { cwd: web, encoding: "utf8", timeout: 60_000 },
  );
  if (status === 0 && existsSync(join(fresh, "index.html"))) {
    writeFileSync(join(fresh, ".sources"), hash);
    rmSync(output, { recursive: true, force: true });
    renameSync(fresh, output);
    process.stderr.write(`Built the hub's page in ${((Date.now() - begun) / 1000).toFixed(1)} s.\n`);
    return;
  }
  rmSync(fresh, { recursive: true, force: true });
  const why =
    `${stderr ?? ""}${stdout ?? ""}${error?.message ?? ""}`.trim().split("\n")[0] || `vite ended with ${status}`;
  process.stderr.write(
    `The hub's page could not be built (${why}); the hub starts ${existsSync(output) ? "with the page built before" : "without a page"}, "npm run build -w @fieldloop/web" says it all.\n`,
  );
}

function readStamp() {
  return existsSync(stamp) && existsSync(join(output, "index.html")) ? readFileSync(stamp, "utf8") : undefined;
}

function hashOfSources() {
  const hash = createHash("sha256").update(readFileSync(join(root, "package-lock.json")));
  for (const path of sources.flatMap((name) => filesUnder(name)).toSorted()) {
    if (path.endsWith(".test.ts")) continue;
    hash.update(`\0${path}\0`).update(readFileSync(join(web, path)));
  }
  return hash.digest("hex");
}

function filesUnder(name) {
  const path = join(web, name);
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return [name];
  return readdirSync(path).flatMap((child) => filesUnder(join(name, child)));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) ensurePage();
