import { IconArrowRight } from "@tabler/icons-react";
import type { Device } from "../../api/device.ts";
import { Digest } from "../../values/digest.tsx";
import classes from "./devices.module.css";

/** What a device runs, and where it is to go when that differs. */
export function ReleaseCell({ device: { release, desired } }: { device: Device }) {
  const isMoving = desired !== null && desired.release !== release;
  return (
    <span className={classes.release}>
      <Digest value={release} withCopy={false} />
      {isMoving && (
        <>
          <IconArrowRight size={14} aria-label="shall run" />
          <Digest value={desired.release} withCopy={false} />
        </>
      )}
    </span>
  );
}
