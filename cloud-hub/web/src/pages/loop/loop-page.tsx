import { useQuery } from "@tanstack/react-query";
import { overviewQuery } from "../../api/overview.ts";
import { PageHeader, usePageTitle } from "../../app/page-header.tsx";
import { QueryView } from "../../states/query-view.tsx";
import { FleetCurve } from "./fleet-curve.tsx";
import classes from "./loop.module.css";
import { LoopPicture } from "./loop-picture.tsx";
import { nextStep } from "./next-step.ts";
import { Recent } from "./recent-list.tsx";
import { stationsOf } from "./stations.ts";

/** The loop as a living picture: today's figure at each station, each a door, and what happened last. */
export function LoopPage() {
  usePageTitle("Loop");
  const overview = useQuery(overviewQuery);
  return (
    <>
      <PageHeader
        title="The loop"
        beside={<span className={classes.beside}>today, from field to release and back</span>}
      />
      <div className={classes.layout}>
        <div className={classes.left}>
          <QueryView query={overview} loading={<div className={classes.waiting} role="status" aria-label="Loading" />}>
            {(data) => <LoopPicture stations={stationsOf(data)} next={nextStep(data)} />}
          </QueryView>
          <FleetCurve />
        </div>
        <Recent />
      </div>
    </>
  );
}
