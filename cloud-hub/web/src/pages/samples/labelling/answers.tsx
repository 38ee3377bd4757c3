import { TextInput } from "@mantine/core";
import { IconArrowBackUp, IconPlayerSkipForward, IconQuestionMark } from "@tabler/icons-react";
import type { ComponentType, MouseEvent } from "react";
import { currentVerdict, type LabelSession, suggestionOf } from "./label-session.ts";
import classes from "./labelling.module.css";
import type { LabelKeys } from "./use-label-keys.ts";

/** The answers to choose from, each with its key, and what else can be done with a question. */
export function Answers(props: { session: LabelSession; keys: LabelKeys; isAllowed: boolean }) {
  const { session, keys, isAllowed } = props;
  const suggestion = suggestionOf(session);
  const verdict = currentVerdict(session);
  const said = verdict?.kind === "class" ? verdict.class : undefined;
  return (
    <section className={classes.answers} aria-label="Answers">
      <TextInput
        type="search"
        aria-label="Find a class by typing"
        placeholder="Find a class"
        rightSection={<kbd aria-hidden>/</kbd>}
        ref={(field) => (keys.typed === "" ? field?.focus() : undefined)}
        value={keys.typed ?? ""}
        onChange={(event) => keys.type(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") keys.type(undefined);
          else if (event.key === "Enter" && keys.listed[0] !== undefined) keys.choose(keys.listed[0]);
          else return;
          event.preventDefault();
          event.currentTarget.blur();
        }}
      />
      <ol className={classes.classes}>
        {keys.listed.map((name, rank) => (
          <li key={name}>
            <button
              type="button"
              className={classes.class}
              aria-pressed={name === said}
              disabled={!isAllowed}
              onClick={(event) => answer(event, () => keys.choose(name))}
            >
              <kbd aria-hidden>{keys.typed === undefined ? rank + 1 : rank === 0 ? "⏎" : ""}</kbd>
              <span className={classes.className}>{name}</span>
              {name === suggestion && (
                <span className={classes.suggested}>
                  suggested <kbd aria-hidden>⏎</kbd>
                </span>
              )}
            </button>
          </li>
        ))}
        {keys.listed.length === 0 && <li className={classes.none}>No class is called “{keys.typed}”.</li>}
      </ol>
      <div className={classes.actions}>
        <Action title="Unsure" hint="?" icon={IconQuestionMark} isOff={!isAllowed} run={() => keys.act("unsure")} />
        <Action title="Skip" hint="s" icon={IconPlayerSkipForward} isOff={!isAllowed} run={() => keys.act("skip")} />
        <Action
          title="Undo"
          hint="u"
          icon={IconArrowBackUp}
          isOff={session.acts.length === 0}
          run={() => keys.apply({ kind: "undo" })}
        />
      </div>
    </section>
  );
}

function Action(props: {
  title: string;
  hint: string;
  icon: ComponentType<{ size: number; "aria-hidden": true }>;
  isOff: boolean;
  run: () => void;
}) {
  const { title, hint, icon: Icon, isOff, run } = props;
  return (
    <button type="button" className={classes.action} disabled={isOff} onClick={(event) => answer(event, run)}>
      <Icon size={18} aria-hidden />
      {title}
      <kbd aria-hidden>{hint}</kbd>
    </button>
  );
}

/** A click leaves the focus on the page, so that the next Enter answers the next question and not this button again. */
function answer(event: MouseEvent<HTMLButtonElement>, run: () => void): void {
  if (event.detail > 0) event.currentTarget.blur();
  run();
}
