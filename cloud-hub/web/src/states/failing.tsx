import { Button } from "@mantine/core";
import { IconPlugConnectedX } from "@tabler/icons-react";
import classes from "./states.module.css";

/** What was asked did not come: the hub's own sentence, and another try. */
export function Failing({ error, retry }: { error: unknown; retry?: () => void }) {
  return (
    <div className={`${classes.panel} ${classes.failing}`} role="alert">
      <span className={classes.mark}>
        <IconPlugConnectedX size={24} stroke={1.6} aria-hidden />
      </span>
      <h2>This did not work</h2>
      <p>{error instanceof Error ? error.message : String(error)}</p>
      {retry !== undefined && (
        <Button variant="default" onClick={retry}>
          Try again
        </Button>
      )}
    </div>
  );
}
