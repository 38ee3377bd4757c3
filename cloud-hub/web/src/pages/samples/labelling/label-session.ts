import type { Question } from "./question.ts";

/** What a person said. suggestion: the class that was suggested, whether it was followed or not */
export type Verdict =
  | { readonly kind: "class"; readonly class: string; readonly suggestion: string | undefined }
  | { readonly kind: "unsure" }
  | { readonly kind: "skip" };

/** Who is answered about: a whole track, or one sample. */
export type Subject = { readonly track: string } | { readonly sample: string };

/** One verdict as it was given. id: made by the caller, names the verdict for ever · question, key: of the question, and
 * of what of it is answered · before: what it replaced */
export type Act = {
  readonly id: string;
  readonly question: string;
  readonly key: string;
  readonly position: number;
  readonly frame: number;
  readonly subject: Subject;
  readonly verdict: Verdict;
  readonly before: Verdict | undefined;
};

/** A person's work through a queue. position: the question shown, `questions.length` when there is none left */
export type LabelSession = {
  readonly head: string;
  readonly questions: readonly Question[];
  readonly verdicts: Readonly<Record<string, Verdict>>;
  readonly acts: readonly Act[];
  readonly position: number;
  readonly frame: number;
  readonly isWholeTrack: boolean;
};

/** What can happen to a session. taken: somebody else answers these now */
export type SessionEvent =
  | { readonly kind: "arrived"; readonly questions: readonly Question[] }
  | { readonly kind: "taken"; readonly keys: readonly string[] }
  | { readonly kind: "answer"; readonly id: string; readonly verdict: Verdict }
  | { readonly kind: "accept"; readonly id: string }
  | { readonly kind: "undo" }
  | { readonly kind: "move"; readonly by: -1 | 1 }
  | { readonly kind: "frame"; readonly by: -1 | 1 }
  | { readonly kind: "toggle-track" };

/** What has to be told to the hub after an event. */
export type Effect = { readonly kind: "record"; readonly act: Act } | { readonly kind: "withdraw"; readonly act: Act };

/** A session before anything arrived. */
export function newSession(head: string): LabelSession {
  return { head, questions: [], verdicts: {}, acts: [], position: 0, frame: 0, isWholeTrack: true };
}

/** Applies one event; the session given stays as it is. */
export function step(
  session: LabelSession,
  event: SessionEvent,
): { session: LabelSession; effects: readonly Effect[] } {
  switch (event.kind) {
    case "arrived":
      return quiet(arrive(session, event.questions));
    case "taken":
      return quiet(giveUp(session, new Set(event.keys)));
    case "answer":
      return answer(session, event.id, event.verdict);
    case "accept": {
      const suggested = suggestionOf(session);
      if (suggested === undefined) return quiet(session);
      return answer(session, event.id, { kind: "class", class: suggested, suggestion: suggested });
    }
    case "undo":
      return undo(session);
    case "move":
      return quiet(moveTo(session, session.position + event.by));
    case "frame":
      return quiet({ ...session, frame: clamp(session.frame + event.by, 0, framesOf(session) - 1) });
    case "toggle-track":
      return quiet(isTrack(session) ? { ...session, isWholeTrack: !session.isWholeTrack } : session);
  }
}

/** The question shown, `undefined` when none is left. */
export function currentQuestion({ questions, position }: LabelSession): Question | undefined {
  return questions[position];
}

/** The class suggested for the question shown. */
export function suggestionOf(session: LabelSession): string | undefined {
  return currentQuestion(session)?.suggestions[session.head]?.class;
}

/** The verdict that holds for what is shown. */
export function currentVerdict(session: LabelSession): Verdict | undefined {
  const place = placeOf(session);
  return place === undefined ? undefined : session.verdicts[place.key];
}

/** Every question without a verdict. */
export function openQuestions(session: LabelSession): readonly Question[] {
  return session.questions.filter((question) => !isDone(session, question));
}

/** The questions that come after the one shown and have no verdict yet, nearest first. */
export function upcoming(session: LabelSession, count: number): readonly Question[] {
  return session.questions
    .slice(session.position + 1)
    .filter((question) => !isDone(session, question))
    .slice(0, count);
}

/** How many questions were answered with a class, put aside as unsure, skipped, and are still open. */
export function tally(session: LabelSession): Readonly<Record<"answered" | "unsure" | "skipped" | "open", number>> {
  const counts = { answered: 0, unsure: 0, skipped: 0, open: 0 };
  for (const question of session.questions) {
    const verdict = wholeVerdict(session, question);
    if (verdict === undefined) counts.open += 1;
    else if (verdict.kind === "class") counts.answered += 1;
    else if (verdict.kind === "unsure") counts.unsure += 1;
    else counts.skipped += 1;
  }
  return counts;
}

function arrive(session: LabelSession, questions: readonly Question[]): LabelSession {
  const seen = new Set(session.questions.map(({ key }) => key));
  const fresh = questions.filter((question) => {
    const isNew = question.samples.length > 0 && !seen.has(question.key);
    seen.add(question.key);
    return isNew;
  });
  return fresh.length === 0 ? session : { ...session, questions: [...session.questions, ...fresh] };
}

/** Questions to come that are somebody else's are dropped; what is shown stays, and the hub decides whose answer counts. */
function giveUp(session: LabelSession, keys: ReadonlySet<string>): LabelSession {
  const questions = session.questions.filter(
    (question, at) => at <= session.position || !keys.has(question.key) || isDone(session, question),
  );
  return questions.length === session.questions.length ? session : { ...session, questions };
}

function answer(session: LabelSession, id: string, verdict: Verdict) {
  const place = placeOf(session);
  if (place === undefined) return quiet(session);
  const { position, frame } = session;
  const question = session.questions[position]?.key ?? place.key;
  const act: Act = { id, question, ...place, position, frame, verdict, before: session.verdicts[place.key] };
  const verdicts = { ...session.verdicts, [place.key]: verdict };
  const after = goOn({ ...session, verdicts, acts: [...session.acts, act] });
  return { session: after, effects: [{ kind: "record" as const, act }] };
}

function undo(session: LabelSession) {
  const act = session.acts.at(-1);
  if (act === undefined) return quiet(session);
  const { [act.key]: _, ...others } = session.verdicts;
  const verdicts = act.before === undefined ? others : { ...others, [act.key]: act.before };
  const { position, frame } = act;
  const isWholeTrack = "track" in act.subject || session.questions[position]?.kind !== "track";
  const before = { ...session, verdicts, acts: session.acts.slice(0, -1), position, frame, isWholeTrack };
  return { session: before, effects: [{ kind: "withdraw" as const, act }] };
}

function goOn(session: LabelSession): LabelSession {
  if (!session.isWholeTrack && isTrack(session) && session.frame < framesOf(session) - 1) {
    return { ...session, frame: session.frame + 1 };
  }
  const next = session.questions.findIndex((question, at) => at > session.position && !isDone(session, question));
  return moveTo(session, next === -1 ? session.questions.length : next);
}

function moveTo(session: LabelSession, position: number): LabelSession {
  const target = clamp(position, 0, session.questions.length);
  return target === session.position ? session : { ...session, position: target, frame: 0, isWholeTrack: true };
}

function placeOf(session: LabelSession): { readonly key: string; readonly subject: Subject } | undefined {
  const question = currentQuestion(session);
  if (question === undefined) return undefined;
  const sample = question.samples[session.frame] ?? question.samples[0] ?? "";
  if (question.kind === "sample" || question.track === null) return { key: question.key, subject: { sample } };
  if (session.isWholeTrack) return { key: question.key, subject: { track: question.track } };
  return { key: frameKey(question, sample), subject: { sample } };
}

function wholeVerdict(session: LabelSession, question: Question): Verdict | undefined {
  const whole = session.verdicts[question.key];
  if (whole !== undefined || question.kind === "sample") return whole;
  const frames = question.samples.map((sample) => session.verdicts[frameKey(question, sample)]);
  return frames.every((verdict) => verdict !== undefined) ? frames[0] : undefined;
}

const isDone = (session: LabelSession, question: Question): boolean => wholeVerdict(session, question) !== undefined;
const frameKey = (question: Question, sample: string): string => `${question.key} ${sample}`;
const isTrack = (session: LabelSession): boolean => currentQuestion(session)?.kind === "track";
const framesOf = (session: LabelSession): number => currentQuestion(session)?.samples.length ?? 1;
const clamp = (value: number, least: number, most: number): number => Math.max(least, Math.min(most, value));
const quiet = (session: LabelSession) => ({ session, effects: [] as readonly Effect[] });
