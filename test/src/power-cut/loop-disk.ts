import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { follow, type Guest, mountPointOf } from "./guest.ts";

/** EXT4_IOC_SHUTDOWN with NOLOGFLUSH: nothing that is not on the disk yet will ever get there. */
const shutdownDisk = 'open(my $f, "<", $ARGV[0]) or die $!; my $v = pack("L", 2); ioctl($f, 0x8004587D, $v) or die $!;';

/** Why disks cannot be shut down here, in one line, or undefined where they can. */
export function whyNoLoopDisk(): string | undefined {
  if (process.platform !== "linux") return "power cuts need Linux";
  if (process.getuid?.() !== 0) return "power cuts need root: a disk image is mounted";
  if (!existsSync("/usr/sbin/mke2fs") || !existsSync("/usr/bin/perl")) return "power cuts need mke2fs and perl";
  if (!existsSync("/dev/loop-control")) return "power cuts need loop devices";
  return undefined;
}

/**
 * Runs a command on an ext4 image that is mounted here; a cut shuts the file system down first, so that its page cache is gone,
 * and kills the command then. For subjects that a user-mode machine cannot hold: the pages of a WebAssembly memory exceed
 * the host's vm.max_map_count there.
 */
export async function bootOnLoopDisk(workDir: string, image: string, command: readonly string[]): Promise<Guest> {
  const mountPoint = mountPointOf(workDir);
  mkdirSync(mountPoint, { recursive: true });
  execFileSync("mount", ["-o", "loop", image, mountPoint]);
  const script = join(workDir, "run.sh");
  writeFileSync(script, startScript(mountPoint, command), { mode: 0o755 });
  const child = spawn("/bin/bash", [script], { detached: true, stdio: ["ignore", "pipe", "pipe"] });
  const program = follow(child);
  const leaveNothing = () => {
    try {
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGKILL");
    } finally {
      if (isMounted(mountPoint)) execFileSync("umount", ["--lazy", mountPoint]);
    }
  };
  process.prependOnceListener("exit", leaveNothing); // before its folder is removed
  let linesBeforeCut = Number.POSITIVE_INFINITY;
  return {
    get lines() {
      return program.lines.slice(0, linesBeforeCut);
    },
    line: program.line,
    async cut() {
      // Power that is gone prints nothing; a sync that the shut file system overtakes here may still answer as if it were good.
      linesBeforeCut = program.lines.length;
      if (isMounted(mountPoint)) execFileSync("perl", ["-e", shutdownDisk, mountPoint]);
      await program.cut();
      await unmount(mountPoint);
      process.off("exit", leaveNothing);
    },
  };
}

function startScript(mountPoint: string, command: readonly string[]): string {
  const quoted = command.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
  return `${quoted}
echo "ended with $?"
umount '${mountPoint}' && echo 'disk unmounted'
sleep 1000
`;
}

/** A killed program lets go of its files a moment after it has ended. */
async function unmount(mountPoint: string): Promise<void> {
  for (let attempt = 0; isMounted(mountPoint); attempt += 1) {
    try {
      execFileSync("umount", [mountPoint], { stdio: "pipe" });
    } catch (error) {
      if (attempt === 100) throw error;
      await delay(100);
    }
  }
}

function isMounted(mountPoint: string): boolean {
  return readFileSync("/proc/mounts", "utf8").includes(` ${mountPoint} `);
}
