import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { releasesQuery } from "../../api/release.ts";
import { PageHeader, usePageTitle } from "../../app/page-header.tsx";
import { QueryView } from "../../states/query-view.tsx";
import { Digest } from "../../values/digest.tsx";
import { Fact, Facts } from "../../values/facts.tsx";
import { shortDigest } from "../../values/short-digest.ts";
import { LineageView } from "./lineage-view.tsx";
import { releaseLineageQuery } from "./model-requests.ts";
import classes from "./models.module.css";

const route = getRouteApi("/models/releases/$digest");

/** One release: which target each profile gets and why, and the way from samples to devices. */
export function ReleasePage() {
  const { digest } = route.useParams();
  usePageTitle(`Release ${shortDigest(digest)}`);
  const release = useQuery(releasesQuery).data?.find((each) => each.digest === digest);
  const lineage = useQuery(releaseLineageQuery(digest));
  return (
    <>
      <PageHeader title="Release" beside={<Digest value={digest} />} />
      {release?.accepted != null && (
        <p className={classes.accepted}>
          Taken by {release.accepted.by ?? "a person"} against its budget or gate:{" "}
          {release.accepted.reason ?? "no reason given"}
        </p>
      )}
      {release !== undefined && (
        <section className={classes.section}>
          <h2>What each profile gets</h2>
          <Facts>
            {Object.entries(release.profiles).map(([profile, { target, why }]) => (
              <Fact key={profile} name={profile}>
                <strong>{target}</strong> <span className={classes.soft}>{why}</span>
              </Fact>
            ))}
          </Facts>
        </section>
      )}
      <section className={classes.section}>
        <h2>From its samples to its devices</h2>
        <QueryView query={lineage}>{(data) => <LineageView lineage={data} />}</QueryView>
      </section>
    </>
  );
}
