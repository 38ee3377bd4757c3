import type { Writable } from "node:stream";
import { Presets, SingleBar } from "cli-progress";
import { stepHead } from "./step-lines.ts";
import type { Look } from "./style.ts";

/** A place to print: plain when it is no TTY or NO_COLOR is set; clock in milliseconds. */
export interface Terminal extends Look {
  readonly stream: Writable;
  readonly clock: () => number;
}

/** How far a step has come. */
export interface Progress {
  /** Shows `done` of `total`, with a short remark such as a loss. */
  show(done: number, total: number, remark?: string): void;
  /** Removes the bar. */
  end(): void;
}

const plainEveryMs = 10_000;
const barWidth = 24;

/** Opens a terminal on a stream, plain where the environment or the stream wants no colour. */
export function openTerminal(
  stream: Writable & { readonly isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>> = process.env,
  clock: () => number = () => performance.now(),
): Terminal {
  const wantsNoColour = env.NO_COLOR !== undefined && env.NO_COLOR !== "";
  return { stream, clock, isPlain: stream.isTTY !== true || wantsNoColour };
}

/** Shows a step's progress: a bar on a terminal, a line every ten seconds where that is plain. */
export function openProgress(terminal: Terminal, step: { readonly number: number; readonly title: string }): Progress {
  return terminal.isPlain ? plainProgress(terminal, step) : barProgress(terminal, step);
}

function plainProgress(terminal: Terminal, step: { readonly number: number; readonly title: string }): Progress {
  let lastAt = terminal.clock();
  return {
    show(done, total, remark = "") {
      const now = terminal.clock();
      if (now - lastAt < plainEveryMs) return;
      lastAt = now;
      terminal.stream.write(`${stepHead(terminal, step)}… ${done} of ${total} ${remark}`.trimEnd().concat("\n"));
    },
    end() {},
  };
}

function barProgress(terminal: Terminal, step: { readonly number: number; readonly title: string }): Progress {
  let bar: SingleBar | undefined;
  const open = (total: number): SingleBar => {
    const format = `${stepHead(terminal, step)}{bar} {value}/{total} {remark}`;
    const options = { stream: terminal.stream as NodeJS.WriteStream, format, barsize: barWidth, clearOnComplete: true };
    const opened = new SingleBar({ ...options, gracefulExit: false, linewrap: true, fps: 8 }, Presets.shades_classic);
    opened.start(total, 0, { remark: "" });
    return opened;
  };
  return {
    show(done, total, remark = "") {
      bar ??= open(total);
      bar.setTotal(total);
      bar.update(done, { remark });
    },
    end() {
      bar?.stop();
    },
  };
}
