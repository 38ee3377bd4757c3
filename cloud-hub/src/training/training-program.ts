import { setPriority } from "node:os";
import { replaceFile } from "./durable-file.ts";
import { jobPaths } from "./job-directory.ts";
import { train } from "./train.ts";

const stoppedExitCode = 143;
const niceness = 5;

/** The embedded trainer as a program: `training-program JOB_DIR`; 0 done, 143 stopped by SIGTERM, else failed. */
async function main(jobDir: string): Promise<number> {
  const stop = new AbortController();
  for (const event of ["SIGTERM", "SIGINT", "disconnect"] as const) process.once(event, () => stop.abort());
  setPriority(niceness);
  try {
    return (await train(jobDir, { signal: stop.signal, onEvent: (event) => process.send?.(event) })) === "done"
      ? 0
      : stoppedExitCode;
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    await replaceFile(jobPaths(jobDir).failure, [text]);
    process.stderr.write(`${text}\n`);
    return 1;
  }
}

const jobDir = process.argv[2] ?? process.env.HUB_JOB_DIR;
if (jobDir === undefined) {
  process.stderr.write("Expected the job directory as the first argument or in HUB_JOB_DIR.\n");
  process.exitCode = 2;
} else {
  process.exitCode = await main(jobDir);
}
if (process.connected) process.disconnect();
