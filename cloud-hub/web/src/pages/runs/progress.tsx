import classes from "./runs.module.css";

/** How far something is. share: 0–1, null while that is not known */
export function Progress({ share }: { share: number | null }) {
  const percent = share === null ? undefined : Math.round(share * 100);
  return (
    <span className={classes.progress}>
      <progress aria-label="Progress" value={share ?? undefined} max={1} />
      {percent === undefined ? "begun" : `${percent} %`}
    </span>
  );
}
