import { SampleImage } from "../sample-image.tsx";
import { currentVerdict, type LabelSession, type SessionEvent, suggestionOf } from "./label-session.ts";
import classes from "./labelling.module.css";
import type { Question } from "./question.ts";

/** Sides of a box whose image keeps its own shape within it, in px. */
const box = 32;
const framesShown = 48;

/** What is asked about: a sample, or a whole track with one frame large. */
export function QuestionView(props: {
  session: LabelSession;
  question: Question;
  apply: (event: SessionEvent) => void;
}) {
  const { session, question, apply } = props;
  const shown = question.samples[session.frame] ?? question.samples[0] ?? "";
  const isTrack = question.kind === "track";
  return (
    <section className={classes.question} aria-label="Question">
      <div className={classes.stage} data-sample={shown}>
        <SampleImage key={shown} id={shown} width={box} height={box} alt={altOf(session, question)} isEager />
      </div>
      {isTrack && (
        <div className={classes.track}>
          <button
            type="button"
            className={classes.scope}
            aria-pressed={session.isWholeTrack}
            onClick={() => apply({ kind: "toggle-track" })}
          >
            {session.isWholeTrack ? `One answer for all ${question.samples.length} frames` : "Frame by frame"}
            <kbd aria-hidden>t</kbd>
          </button>
          <ol className={classes.strip} aria-label="Frames of the track">
            {question.samples.slice(0, framesShown).map((sample, index) => (
              <li key={sample} className={index === session.frame ? classes.shownFrame : classes.frame}>
                <SampleImage id={sample} width={box} height={box} alt="" isEager={index < 12} />
              </li>
            ))}
          </ol>
        </div>
      )}
      <p className={classes.why}>
        {wordsOf(session)} {question.why}
      </p>
      <Captured device={question.device} track={question.track} />
    </section>
  );
}

function Captured({ device, track }: { device: string | null; track: string | null }) {
  return (
    <p className={classes.captured}>
      {device !== null && <span>{device}</span>}
      {track !== null && <span>{track}</span>}
    </p>
  );
}

function altOf(session: LabelSession, question: Question): string {
  const frame = question.samples.length > 1 ? `, frame ${session.frame + 1} of ${question.samples.length}` : "";
  return `Question ${session.position + 1}${frame}`;
}

function wordsOf(session: LabelSession): string {
  const verdict = currentVerdict(session);
  if (verdict !== undefined) {
    return verdict.kind === "class"
      ? `You said ${verdict.class}.`
      : verdict.kind === "unsure"
        ? "You were unsure."
        : "You skipped it.";
  }
  const suggested = suggestionOf(session);
  return suggested === undefined ? "Nothing is suggested." : `The device answered ${suggested}.`;
}
