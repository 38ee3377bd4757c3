import { Writable } from "node:stream";
import { openTerminal, type Terminal } from "./progress.ts";

/** A terminal whose output is kept and whose clock is moved by hand. */
export interface CapturedTerminal {
  readonly terminal: Terminal;
  text(): string;
  advance(ms: number): void;
}

/** Captures what a story prints, as a TTY of 80 columns or as a plain stream. */
export function captureTerminal(isTTY: boolean, env: Readonly<Record<string, string>> = {}): CapturedTerminal {
  const chunks: string[] = [];
  let now = 0;
  const stream = new Writable({
    write(chunk, _encoding, done) {
      chunks.push(String(chunk));
      done();
    },
  });
  const screen = Object.assign(stream, { isTTY, columns: 80 });
  return {
    terminal: openTerminal(screen, env, () => now),
    text: () => chunks.join(""),
    advance: (ms) => {
      now += ms;
    },
  };
}
