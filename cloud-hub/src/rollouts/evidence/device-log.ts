import type { HealthWindow } from "../health/index.ts";
import type { EventRow, OutcomeRow, SketchRow, Standing } from "./rows.ts";

/** What a log needs to know of its rollout. badOutcomes: names of outcomes that are bad */
export type LogTerms = {
  readonly release: string;
  readonly previous: string | null;
  readonly badOutcomes: ReadonlySet<string>;
};

/** What happened beside the frames: told in the window that it falls into. */
type Mark = Pick<HealthWindow, "at" | "release" | "restarts" | "outcomes" | "badOutcomes">;

const mostWindows = 512;
/** A window that should hold a mark is not waited for longer than this. */
const markPatienceMs = 30_000;
/** Reasons that pass: an interrupted download, a state that a later one replaced. */
const passing = new Set(["incomplete", "stale-desired-state"]);

/** What the hub heard of one device since before a rollout: its windows as health reads them, and what it said of releases. */
export class DeviceLog {
  readonly device: string;
  readonly #terms: LogTerms;
  #windows: HealthWindow[] = [];
  #marks: Mark[] = [];
  readonly #events = new Map<number, EventRow[]>();
  readonly #seen = new Map<string, { at: number; keys: Set<string> }>();
  #strange: { readonly release: string; readonly windowStart: number } | undefined;
  #oldAfterGood: number | undefined;
  standing: Standing | undefined;

  constructor(device: string, terms: LogTerms) {
    this.device = device;
    this.#terms = terms;
  }

  /** From when on rows of a kind are wanted next. */
  after(kind: "sketch" | "event" | "outcome", atFirst: number): number {
    return this.#seen.get(kind)?.at ?? atFirst;
  }

  /** Takes a sketch over, once. isBefore: it came before the rollout began */
  takeSketch(row: SketchRow, isBefore = false): void {
    if (!isBefore && !this.#isNew("sketch", row)) return;
    const release = this.#labelOf(row.release);
    if (!isBefore) this.#judgeRelease(row, release);
    if (row.apart !== null || release === undefined || row.confidenceSum === null) return;
    this.#windows.push({
      at: row.end,
      release,
      frames: row.frames,
      errors: row.errors,
      dropped: row.dropped,
      confidenceSum: row.confidenceSum,
      confidenceSquares: row.confidenceSquares ?? 0,
      classCounts: row.classCounts ?? [],
      logLatencySum: row.logLatencySum ?? 0,
      restarts: 0,
      outcomes: 0,
      badOutcomes: 0,
    });
    if (this.#windows.length > mostWindows) this.#windows = halved(this.#windows);
  }

  takeEvent(row: EventRow): void {
    if (!this.#isNew("event", row)) return;
    const { number } = row.body;
    this.#events.set(number, [...(this.#events.get(number) ?? []), row]);
  }

  /** runningSince: when it began to answer by the new release, for an outcome whose prediction is not stored */
  takeOutcome(row: OutcomeRow, runningSince: number | null): void {
    if (!this.#isNew("outcome", row)) return;
    const byTime = runningSince !== null && row.at >= runningSince ? "new" : "old";
    const release = row.release === null ? byTime : this.#labelOf(row.release);
    if (release === undefined) return;
    const isBad = this.#terms.badOutcomes.has(row.outcome);
    this.#marks.push({ at: row.at, release, restarts: 0, outcomes: 1, badOutcomes: isBad ? 1 : 0 });
  }

  takeRestart(
    row: { readonly at: number; readonly kind: string; readonly count: number },
    runningSince: number | null,
  ): void {
    if (!this.#isNew("restart", { key: `${row.kind} ${row.at}`, receivedAt: row.at })) return;
    const release = runningSince !== null && row.at >= runningSince ? "new" : "old";
    this.#marks.push({ at: row.at, release, restarts: row.count, outcomes: 0, badOutcomes: 0 });
  }

  /**
   * The windows in time order, each with what happened in it.
   * offeredAt: windows of the new release count from then on, never where it was not offered; it may have run here before
   */
  windows(now: number, offeredAt: number | null): readonly HealthWindow[] {
    this.#windows.sort((a, b) => a.at - b.at);
    this.#marks = this.#marks.filter((mark) => !this.#place(mark, now));
    return this.#windows.filter(({ release, at }) => release === "old" || (offeredAt !== null && at > offeredAt));
  }

  /** The end of the first window of the new release since a moment, or null. */
  firstNewWindow(offeredAt: number): number | null {
    const ends = this.#windows.filter(({ release, at }) => release === "new" && at > offeredAt).map(({ at }) => at);
    return ends.length === 0 ? null : Math.min(...ends);
  }

  /** Why the device did not take what a desired state asked for, for good. */
  refusal(number: number): string | null {
    const found = this.#events
      .get(number)
      ?.findLast(({ body }) => isEnd(body.state) && !(body.code !== undefined && passing.has(body.code)));
    if (found === undefined) return null;
    const { state, code, reason } = found.body;
    return `${state === "refused" ? "refused" : "rolled back"} (${code ?? "no code"}): ${reason ?? "it gave no reason."}`;
  }

  /** When it last said that something passing kept it from what a desired state asks, or that it began with it. */
  heardOf(number: number): { readonly interruptedAt: number | null; readonly isTaken: boolean } {
    const events = this.#events.get(number) ?? [];
    const last = events.at(-1);
    const isInterrupted = last?.body.state === "refused" && passing.has(last.body.code ?? "");
    return { interruptedAt: isInterrupted ? last.receivedAt : null, isTaken: events.length > 0 };
  }

  /** In which way the device's words and windows do not agree. number: of the desired state that it was asked by, if it was */
  contradiction(number: number | null): string | null {
    const { release, previous } = this.#terms;
    const unassigned = this.standing?.unassigned;
    if (unassigned != null)
      return `It says that it runs release ${brief(unassigned)}, which it was never given; it counts for nothing.`;
    if (this.#strange !== undefined) {
      return `Its windows are of release ${brief(this.#strange.release)}, where it was given ${brief(number === null ? previous : release)}; it counts for nothing.`;
    }
    const good = number === null ? undefined : this.#events.get(number)?.find(({ body }) => body.state === "good");
    if (good !== undefined && this.#oldAfterGood !== undefined && this.#oldAfterGood > good.body.at) {
      return `It says that it runs release ${brief(release)}, but its windows since are of ${brief(previous)}; it counts for nothing.`;
    }
    return null;
  }

  #labelOf(release: string): "old" | "new" | undefined {
    if (release === this.#terms.release) return "new";
    return release === this.#terms.previous ? "old" : undefined;
  }

  #judgeRelease(row: SketchRow, release: "old" | "new" | undefined): void {
    if (row.apart === "unassigned" || (release === undefined && row.apart === null)) this.#strange = row;
    else if (this.#strange !== undefined && row.windowStart > this.#strange.windowStart) this.#strange = undefined;
    if (release === "old") this.#oldAfterGood = Math.max(this.#oldAfterGood ?? 0, row.windowStart);
    if (release === "new") this.#oldAfterGood = undefined;
  }

  /** Rows of the newest moment may come in several reads; those are told apart by their keys. */
  #isNew(kind: string, { key, receivedAt }: { readonly key: string; readonly receivedAt: number }): boolean {
    const seen = this.#seen.get(kind);
    if (seen === undefined || receivedAt > seen.at) {
      this.#seen.set(kind, { at: receivedAt, keys: new Set([key]) });
      return true;
    }
    if (receivedAt < seen.at || seen.keys.has(key)) return false;
    seen.keys.add(key);
    return true;
  }

  #place(mark: Mark, now: number): boolean {
    const index = this.#windows.findIndex(({ at, release }) => at >= mark.at && release === mark.release);
    if (index < 0 && now - mark.at < markPatienceMs) return false;
    if (index < 0) this.#windows.push({ ...silent, ...mark });
    else this.#windows[index] = withMark(this.#windows[index]!, mark);
    return true;
  }
}

const silent = {
  frames: 0,
  errors: 0,
  dropped: 0,
  confidenceSum: 0,
  confidenceSquares: 0,
  classCounts: [],
  logLatencySum: 0,
};

function withMark(window: HealthWindow, { restarts, outcomes, badOutcomes }: Mark): HealthWindow {
  return {
    ...window,
    restarts: window.restarts + restarts,
    outcomes: window.outcomes + outcomes,
    badOutcomes: window.badOutcomes + badOutcomes,
  };
}

/** About half as many windows with the same sums: neighbours of one release together. */
function halved(windows: readonly HealthWindow[]): HealthWindow[] {
  const sorted = windows.toSorted((a, b) => a.at - b.at);
  const merged: HealthWindow[] = [];
  for (let index = 0; index < sorted.length; index += 1) {
    const [window, next] = [sorted[index]!, sorted[index + 1]];
    if (next?.release !== window.release) merged.push(window);
    else {
      merged.push(added(window, next));
      index += 1;
    }
  }
  return merged;
}

function added(a: HealthWindow, b: HealthWindow): HealthWindow {
  const classes = Math.max(a.classCounts.length, b.classCounts.length);
  return {
    at: b.at,
    release: b.release,
    frames: a.frames + b.frames,
    errors: a.errors + b.errors,
    dropped: a.dropped + b.dropped,
    confidenceSum: a.confidenceSum + b.confidenceSum,
    confidenceSquares: a.confidenceSquares + b.confidenceSquares,
    classCounts: Array.from(
      { length: classes },
      (_, index) => (a.classCounts[index] ?? 0) + (b.classCounts[index] ?? 0),
    ),
    logLatencySum: a.logLatencySum + b.logLatencySum,
    restarts: a.restarts + b.restarts,
    outcomes: a.outcomes + b.outcomes,
    badOutcomes: a.badOutcomes + b.badOutcomes,
  };
}

const isEnd = (state: string): boolean => state === "refused" || state === "rolled-back";
const brief = (digest: string | null): string => (digest === null ? "none" : digest.slice(7, 19));
