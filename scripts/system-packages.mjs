// Debian packages that only tests use. They are installed where this process may; elsewhere their tests are skipped.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const packages = [
  { name: "user-mode-linux", proof: "/usr/bin/linux.uml", for: "the power-cut test" },
  { name: "chromium", proof: "/usr/bin/chromium", for: "the tests of the page" },
];

/** Installs missing packages as root on Debian, or says in one line each how to enable the tests that need them. */
export function offerSystemPackages() {
  const missing = packages.filter(({ proof }) => !existsSync(proof));
  if (missing.length === 0) return;
  const mayInstall = process.platform === "linux" && process.getuid?.() === 0 && existsSync("/usr/bin/apt-get");
  if (mayInstall && aptInstalls(missing.map(({ name }) => name))) return;
  for (const { name, for: use } of missing) {
    process.stderr.write(`Skipping ${use}: it needs the Debian package ${name} (as root: apt-get install ${name}).\n`);
  }
}

function aptInstalls(names) {
  process.stderr.write(`Installing ${names.join(", ")} for tests (apt-get)…\n`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const apt = (...args) =>
    spawnSync("apt-get", ["-qq", ...args], { env, stdio: ["ignore", "ignore", "ignore"] }).status === 0;
  const install = () => apt("install", "-y", "--no-install-recommends", ...names);
  return install() || (apt("update") && install());
}
