import { Button } from "@mantine/core";
import { useEffect } from "react";
import { useContact } from "../../../live/use-live.ts";
import { clockText } from "../../../values/format-time.ts";
import { browserOutbox, useOutbox } from "./browser-outbox.ts";
import classes from "./labelling.module.css";

/** What is to be known about answers that have not arrived: that they wait, why, and which the hub did not take. */
export function OutboxNotice() {
  const { waiting, failingSince, refused, isSignedOut, isDurable, why } = useOutbox();
  const outbox = browserOutbox();
  const { kind } = useContact();
  useEffect(() => {
    if (kind === "answering") outbox.retryNow();
  }, [kind, outbox]);
  return (
    <div aria-live="polite">
      {failingSince !== null && (
        <p className={classes.notice}>
          {isSignedOut
            ? `The hub wants to know who answers: ${why} `
            : `The hub has not taken answers since ${clockText(failingSince)}. `}
          {waiting === 1 ? "1 answer is kept" : `${waiting} answers are kept`} in this browser and sent as soon as it
          does
          {isDurable ? "" : "; this browser keeps them only while the page is open"}.
          <Button size="compact-sm" variant="default" onClick={outbox.retryNow}>
            Try now
          </Button>
        </p>
      )}
      {refused.map(({ letter, why: sentence }) => (
        <p key={letter.id} className={`${classes.notice} ${classes.refused}`}>
          An answer was not recorded: {sentence}
          <Button size="compact-sm" variant="default" onClick={() => outbox.forgetRefused(letter.id)}>
            I have read it
          </Button>
        </p>
      ))}
    </div>
  );
}
