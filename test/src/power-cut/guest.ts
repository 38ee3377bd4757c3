import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const kernel = "/usr/bin/linux.uml";
const bootLimitMs = 60_000;

/** Why guests cannot be booted here, in one line, or undefined where they can. */
export function whyNoGuest(): string | undefined {
  if (process.platform !== "linux") return "power cuts need Linux";
  if (!existsSync(kernel)) return `power cuts need ${kernel}: apt-get install user-mode-linux`;
  if (process.getuid?.() !== 0) return "power cuts need root: the guest mounts a disk image over the host's files";
  return undefined;
}

/** A machine inside a process group, with the host's files for its root and an ext4 image for its disk. */
export interface Guest {
  /** Waits for a line that the guest's program prints. */
  readonly line: (matches: (line: string) => boolean) => Promise<string>;
  /** Everything the guest printed so far, in whole lines. */
  readonly lines: readonly string[];
  /** Pulls the plug: kills every process of the machine at once, so that its page cache is gone. */
  readonly cut: () => Promise<void>;
}

/**
 * Boots a guest that mounts `image` at `mountPoint` and runs `command` there.
 * workDir: a host folder for the start script · rejects when the guest cannot mount its disk
 */
export async function bootGuest(workDir: string, image: string, command: readonly string[]): Promise<Guest> {
  const mountPoint = mountPointOf(workDir);
  mkdirSync(mountPoint, { recursive: true });
  const init = join(workDir, "init.sh");
  writeFileSync(init, startScript(mountPoint, command), { mode: 0o755 });
  const options = [
    "mem=768M",
    "root=none",
    "rootfstype=hostfs",
    "rootflags=/",
    "rw",
    "quiet",
    "con=null",
    "con0=fd:0,fd:1",
  ];
  const machine = spawn(
    kernel,
    [...options, `ubda=${image}`, `init=${init}`, `umid=fieldloop-${process.pid}-${Date.now()}`],
    {
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  dieTogether(machine);
  const guest = follow(machine);
  const first = await guest.line((line) => line === "disk mounted" || line.startsWith("disk failed"));
  if (first === "disk mounted") return guest;
  await guest.cut();
  throw new Error(`Expected the guest to mount ${image}, but it said: ${guest.lines.slice(-5).join(" / ")}`);
}

/** A machine leads a process group of its own, so nothing but this ends it when its starter is told to end. */
function dieTogether(machine: ChildProcess): void {
  const cut = () => {
    if (machine.pid !== undefined && machine.exitCode === null) process.kill(-machine.pid, "SIGKILL");
  };
  const end = () => process.exit(130);
  process.once("exit", cut).once("SIGINT", end).once("SIGTERM", end);
  machine.once("close", () => process.off("exit", cut).off("SIGINT", end).off("SIGTERM", end));
}

/** Where a guest that works in `workDir` sees its disk. */
export function mountPointOf(workDir: string): string {
  return join(workDir, "disk");
}

function startScript(mountPoint: string, command: readonly string[]): string {
  const quoted = command.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
  return `#!/bin/bash
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root NODE_COMPILE_CACHE='${mountPoint}.cache'
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev 2>/dev/null
stty -opost 2>/dev/null
if mount -t ext4 /dev/ubda '${mountPoint}' && grep -q '^/dev/ubda ${mountPoint} ext4 rw' /proc/mounts; then
  echo 'disk mounted'
else
  echo "disk failed: $(cat /proc/mounts | tr '\\n' ';')"
  sleep 1000
fi
ip link set lo up 2>/dev/null
${quoted}
echo "ended with $?"
umount '${mountPoint}' && echo 'disk unmounted'
sleep 1000
`;
}

/** Follows what a machine prints; cutting it kills its whole process group. */
export function follow(machine: ChildProcess): Guest {
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  let ended: string | undefined;
  let rest = "";
  const wake = () => {
    for (const each of waiting) each();
  };
  machine.stdout!.setEncoding("utf8").on("data", (chunk: string) => {
    const parts = (rest + chunk).split("\n");
    rest = parts.pop()!;
    lines.push(...parts.map((line) => line.trimEnd()));
    wake();
  });
  machine
    .stderr!.setEncoding("utf8")
    .on("data", (chunk: string) => lines.push(...chunk.split("\n").filter((line) => line !== "")));
  const closed = once(machine, "close").then(([code, signal]) => {
    ended = `the machine ended with ${code ?? signal}`;
    wake();
  });
  return {
    lines,
    line: (matches) => waitForLine(lines, waiting, () => ended, matches),
    cut: async () => {
      if (ended === undefined && machine.pid !== undefined) process.kill(-machine.pid, "SIGKILL");
      await closed;
    },
  };
}

function waitForLine(
  lines: readonly string[],
  waiting: Set<() => void>,
  ended: () => string | undefined,
  matches: (line: string) => boolean,
): Promise<string> {
  return new Promise((resolve, reject) => {
    let seen = 0;
    const stop = (settle: () => void) => {
      waiting.delete(look);
      clearTimeout(limit);
      settle();
    };
    const look = () => {
      for (; seen < lines.length; seen += 1) {
        const line = lines[seen]!;
        if (matches(line)) return stop(() => resolve(line));
      }
      const why = ended();
      if (why !== undefined) stop(() => reject(new Error(`${why}: ${lines.slice(-5).join(" / ")}`)));
    };
    const late = () =>
      reject(new Error(`The machine said nothing expected in ${bootLimitMs} ms: ${lines.slice(-5).join(" / ")}`));
    const limit = setTimeout(() => stop(late), bootLimitMs);
    waiting.add(look);
    look();
  });
}
