import { secondsText } from "../report/figure-text.ts";
import type { StepRecord } from "../report/loop-report.ts";
import { openProgress, type Progress, type Terminal } from "./progress.ts";
import { stepLines } from "./step-lines.ts";
import { paint } from "./style.ts";

/** Prints a run as a story: each step one line with number, title, figures and seconds. */
export interface StoryPrinter {
  /** Prints the name of the run and what it is about. */
  heading(title: string, about: string): void;
  /**
   * Runs a step, shows its progress, then prints its line; a failing step says so before its error goes on.
   * work: returns the step's result and the figures to print
   */
  step<T>(title: string, work: (progress: Progress) => Promise<StepOutcome<T>>): Promise<T>;
  /** Prints a remark under the last step. */
  note(text: string): void;
  /** Prints lines as they are, after an empty one, the first of each paragraph in bold. */
  table(lines: readonly string[]): void;
  /** The steps so far, for the report. */
  readonly steps: readonly StepRecord[];
}

/** What a step gives back: a result for the program, figures for the reader. */
export interface StepOutcome<T> {
  readonly result: T;
  readonly figures: readonly string[];
}

/** Tells a story on a terminal; without a TTY or with NO_COLOR it prints plain lines. */
export function tellStory(terminal: Terminal): StoryPrinter {
  const steps: StepRecord[] = [];
  const print = (lines: readonly string[]): void => {
    terminal.stream.write(`${lines.join("\n")}\n`);
  };

  return {
    steps,
    heading: (title, about) => print([`${paint(terminal, "bold", title)} · ${about}`, ""]),
    async step(title, work) {
      const number = steps.length + 1;
      const startedAt = terminal.clock();
      const seconds = (): number => (terminal.clock() - startedAt) / 1000;
      const progress = openProgress(terminal, { number, title });
      try {
        const { result, figures } = await work(progress);
        progress.end();
        const record = { number, title, figures: [...figures], seconds: seconds() };
        steps.push(record);
        print(stepLines(terminal, record));
        return result;
      } catch (error) {
        progress.end();
        const failed = { number, title, figures: [`failed after ${secondsText(seconds())}`], seconds: seconds() };
        print(stepLines(terminal, failed));
        throw error;
      }
    },
    note: (text) => print(stepLines(terminal, { text })),
    table: (lines) =>
      print(["", ...lines.map((line) => (line.startsWith(" ") ? line : paint(terminal, "bold", line)))]),
  };
}
