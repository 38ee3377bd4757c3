import classes from "./states.module.css";

/** Bones of what is on its way. label: what a screen reader says */
export function Loading({ rows = 6, label = "Loading" }: { rows?: number; label?: string }) {
  return (
    <div className={classes.bones} role="status" aria-label={label}>
      {Array.from({ length: rows }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: bones are all alike
        <div key={row} className={classes.bone} />
      ))}
    </div>
  );
}
