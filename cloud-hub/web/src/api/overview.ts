import { queryOptions } from "@tanstack/react-query";
import { get } from "./hub.ts";

/** Today's figures at each station of the loop. */
export type Overview = {
  readonly devices: { readonly total: number; readonly connected: number; readonly unhealthy: number };
  readonly samples: { readonly total: number; readonly waiting: number; readonly today: number };
  readonly drift: {
    readonly state: "steady" | "alarm" | "unknown";
    readonly device: string | null;
    readonly score: number | null;
    readonly threshold: number;
    readonly frames: number;
    readonly devices: number;
  };
  readonly labels: { readonly total: number; readonly people: number; readonly today: number };
  readonly runs: { readonly running: number; readonly finished: number };
  readonly releases: { readonly total: number; readonly latest: string | null };
  readonly rollouts: { readonly running: number };
};

/** The loop at a glance; any change at the hub asks for it again. */
export const overviewQuery = queryOptions({
  queryKey: ["overview"],
  queryFn: ({ signal }) => get<Overview>("/v1/overview", { since: new Date().setHours(0, 0, 0, 0) }, signal),
});
