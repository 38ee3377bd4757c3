import type { Gap, JournalOptions } from "./journal.ts";
import type { Lane } from "./lane.ts";
import { encodeGapNote, type RecordIndex } from "./record-index.ts";
import type { StateFile } from "./state-file.ts";

/** Tells gaps on the control lane, in the caller's encoding, and to the caller. */
export class GapTeller {
  readonly #options: Pick<JournalOptions, "encodeGap" | "onGap" | "clock">;
  readonly #control: Lane | undefined;
  readonly #index: RecordIndex;
  readonly #state: StateFile;

  constructor(options: JournalOptions, control: Lane | undefined, index: RecordIndex, state: StateFile) {
    this.#options = options;
    this.#control = control;
    this.#index = index;
    this.#state = state;
  }

  /** Resolves with the numbers of the gap records, once they are stored. */
  async tell(gaps: readonly Gap[]): Promise<readonly number[]> {
    const { encodeGap, onGap, clock = Date.now } = this.#options;
    const control = this.#control;
    const told =
      encodeGap === undefined || control === undefined
        ? []
        : await Promise.all(gaps.map((gap) => control.enqueue({ ...encodeGap(gap), at: clock() }, encodeGapNote(gap))));
    for (const gap of gaps) onGap?.(gap);
    return told.map(({ seq }) => seq);
  }

  /** Tells losses that already happened; noted in the state first, so that a crash does not leave them untold. */
  async tellLost(gaps: readonly Gap[]): Promise<void> {
    this.#state.state.untold.push(...gaps);
    await this.#state.save();
    await this.tellUntold();
  }

  async tellUntold(): Promise<void> {
    const { untold } = this.#state.state;
    if (untold.length === 0) return;
    const told = await this.tell(untold);
    await this.#index.write(told.map((seq) => this.#index.gapDone(seq)));
    this.#state.state.untold = [];
    await this.#state.save();
  }
}
