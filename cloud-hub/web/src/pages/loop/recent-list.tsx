import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { devicesQuery } from "../../api/device.ts";
import { rolloutsQuery } from "../../api/rollout.ts";
import { Failing } from "../../states/failing.tsx";
import { Loading } from "../../states/loading.tsx";
import { Time } from "../../values/time.tsx";
import classes from "./loop.module.css";
import { recentHappenings } from "./recent.ts";

/** What happened last, beside the picture. */
export function Recent() {
  const rollouts = useQuery(rolloutsQuery);
  const devices = useQuery(devicesQuery);
  const list = recentHappenings(rollouts.data ?? [], devices.data ?? [], 14);
  const isLoading = rollouts.isPending || devices.isPending;
  const error = rollouts.data === undefined ? rollouts.error : devices.data === undefined ? devices.error : null;
  return (
    <section className={classes.recent} aria-labelledby="recent">
      <h2 id="recent">Recently</h2>
      {list.length === 0 && isLoading && <Loading rows={5} />}
      {list.length === 0 && !isLoading && error === null && <p className={classes.small}>Nothing has happened yet.</p>}
      {list.length === 0 && error !== null && <Failing error={error} retry={() => void rollouts.refetch()} />}
      <ol className={classes.happenings}>
        {list.map(({ key, at, subject, sentence, to, tone }) => (
          <li key={key} className={classes.happening} data-tone={tone}>
            <span className={classes.happeningHead}>
              <Link to={to}>{subject}</Link>
              <Time at={at} />
            </span>
            <span>{sentence}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}
