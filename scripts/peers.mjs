// npm run peers: a Python environment outside the repository with what users would otherwise pick, for comparisons only.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

const home =
  process.env.FIELDLOOP_PEERS ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "fieldloop", "peers");
const packages = ["numpy", "torch", "onnx", "onnxruntime", "kserve"];

function run(program, args) {
  const { status } = spawnSync(program, args, { stdio: "inherit" });
  if (status === 0) return;
  process.stderr.write(
    `Expected "${program} ${args.join(" ")}" to succeed, it ended with ${status}; install python3 with its venv module and run npm run peers again.\n`,
  );
  process.exit(1);
}

if (!existsSync(join(home, "bin", "python"))) run("python3", ["-m", "venv", home]);
run(join(home, "bin", "pip"), ["install", "--quiet", "--disable-pip-version-check", ...packages]);
process.stdout.write(`Peers are ready in ${home}; benchmarks find them there.\n`);
