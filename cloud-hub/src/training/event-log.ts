import { appendFileSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";

/** One line of `output/events.jsonl`. */
export interface TrainingEvent {
  readonly type: "metrics" | "checkpoint" | "log" | "progress" | "stopped" | "done";
  readonly at: number;
  readonly step: number;
  readonly values?: Readonly<Record<string, number>>;
  readonly text?: string;
}

/** Appends events to a file, each line in one write, and hands them on. */
export class EventLog {
  readonly #file: string;
  readonly #clock: () => number;
  readonly #listener: (event: TrainingEvent) => void;

  constructor(file: string, clock: () => number, listener: (event: TrainingEvent) => void) {
    mkdirSync(dirname(file), { recursive: true });
    this.#file = file;
    this.#clock = clock;
    this.#listener = listener;
  }

  write(event: Omit<TrainingEvent, "at">): void {
    const full = { ...event, at: this.#clock() };
    appendFileSync(this.#file, `${JSON.stringify(full)}\n`);
    this.#listener(full);
  }
}
