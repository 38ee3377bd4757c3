import { IconCloudOff } from "@tabler/icons-react";
import { useContact } from "../live/use-live.ts";
import { clockText } from "../values/format-time.ts";
import classes from "./states.module.css";

/** Says since when the hub has been silent; what the page shows is from before. */
export function StaleBanner() {
  const contact = useContact();
  return (
    <div role="status" aria-live="polite">
      {contact.kind === "silent" && (
        <p className={classes.stale}>
          <IconCloudOff size={18} aria-hidden />
          No answer from the hub since {clockText(contact.since)}. What you see is from before.
        </p>
      )}
    </div>
  );
}
