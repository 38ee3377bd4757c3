import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { get } from "../../api/hub.ts";
import { QueryView } from "../../states/query-view.tsx";
import { shortDigest } from "../../values/short-digest.ts";
import { Time } from "../../values/time.tsx";
import classes from "./sample-panel.module.css";

/** What learned from a sample: the snapshots that hold it, the runs on them, their versions and those versions' releases. */
type Lineage = {
  readonly snapshots: readonly {
    readonly id: string;
    readonly name: string;
    readonly createdAt: number;
    readonly role: string;
    readonly split: string | null;
    readonly machine: boolean;
    readonly runs: readonly {
      readonly run: string;
      readonly version: string | null;
      readonly releases: readonly string[];
    }[];
  }[];
};

/** Which snapshots hold a sample, and which versions and releases learned from it. */
export function SampleLineage({ sample }: { sample: string }) {
  const query = useQuery({
    queryKey: ["runs", "sample-lineage", sample],
    queryFn: ({ signal }) => get<Lineage>(`/v1/lineage/sample/${encodeURIComponent(sample)}`, {}, signal),
  });
  return (
    <section className={classes.section}>
      <h3>What learned from it</h3>
      <QueryView query={query}>
        {({ snapshots }) =>
          snapshots.length === 0 ? (
            <p className={classes.soft}>No snapshot holds it, so no version learned from it.</p>
          ) : (
            <ul className={classes.list}>
              {snapshots.map((snapshot) => (
                <li key={snapshot.id}>
                  <span className={classes.row}>
                    <strong>{snapshot.name}</strong>
                    <span className={classes.soft}>{partWords(snapshot)}</span>
                    <Time at={snapshot.createdAt} />
                  </span>
                  <ul>
                    {snapshot.runs.map((run) => (
                      <Learned key={run.run} {...run} />
                    ))}
                  </ul>
                </li>
              ))}
            </ul>
          )
        }
      </QueryView>
    </section>
  );
}

function Learned({ run, version, releases }: Lineage["snapshots"][number]["runs"][number]) {
  return (
    <li className={classes.row}>
      <Link to="/runs/$run" params={{ run }}>
        run {run.slice(0, 10)}
      </Link>
      {version !== null && (
        <Link to="/models/$version" params={{ version }}>
          version {shortDigest(version)}
        </Link>
      )}
      {releases.map((digest) => (
        <Link key={digest} to="/models/releases/$digest" params={{ digest }}>
          release {shortDigest(digest)}
        </Link>
      ))}
    </li>
  );
}

function partWords({ role, split, machine }: Lineage["snapshots"][number]): string {
  const use = split === null ? "" : split === "train" ? ", to train on" : ", to validate on";
  return `as ${role}${use}${machine ? ", labelled by a machine" : ""}`;
}
