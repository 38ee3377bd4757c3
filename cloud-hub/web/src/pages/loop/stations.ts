import type { Overview } from "../../api/overview.ts";
import { countText, shortNumber } from "../../values/format-amount.ts";
import { shortDigest } from "../../values/short-digest.ts";

/** A station of the loop with today's figure. side: whether it stands in the field or at the hub · isAlert: wants a person */
export type Station = {
  readonly name: "devices" | "samples" | "drift" | "labels" | "runs" | "releases";
  readonly title: string;
  readonly to: string;
  readonly side: "field" | "hub";
  readonly figure: string;
  readonly unit: string;
  readonly beside: string;
  readonly isAlert: boolean;
};

/** The stations in the order in which data goes round. */
export function stationsOf(overview: Overview): readonly Station[] {
  const { devices, samples, drift, labels, runs, releases, rollouts } = overview;
  return [
    {
      name: "devices",
      title: "Devices",
      to: "/devices",
      side: "field",
      figure: countText(devices.connected),
      unit: `of ${countText(devices.total)} connected`,
      beside: devices.unhealthy === 0 ? "all healthy" : `${countText(devices.unhealthy)} unwell`,
      isAlert: devices.unhealthy > 0,
    },
    {
      name: "samples",
      title: "Samples",
      to: "/samples",
      side: "field",
      figure: countText(samples.today),
      unit: "kept today",
      beside: `${countText(samples.total)} in all`,
      isAlert: false,
    },
    driftStation(drift),
    {
      name: "labels",
      title: "Labels",
      to: "/samples/label",
      side: "hub",
      figure: countText(samples.waiting),
      unit: "samples wait",
      beside: `${countText(labels.today)} labelled today, ${countText(labels.total)} by ${many(labels.people, "person", "people")}`,
      isAlert: false,
    },
    {
      name: "runs",
      title: "Runs",
      to: "/runs",
      side: "hub",
      figure: countText(runs.running),
      unit: "training",
      beside: `${countText(runs.finished)} finished`,
      isAlert: false,
    },
    {
      name: "releases",
      title: "Releases",
      to: "/rollouts",
      side: "hub",
      figure: countText(rollouts.running),
      unit: rollouts.running === 1 ? "rollout under way" : "rollouts under way",
      beside: `${many(releases.total, "release", "releases")}${releases.latest ? `, newest ${shortDigest(releases.latest)}` : ""}`,
      isAlert: false,
    },
  ];
}

function driftStation({ state, device, score, threshold, frames }: Overview["drift"]): Station {
  const isDrift = state === "alarm";
  return {
    name: "drift",
    title: "Drift",
    to: isDrift && device ? `/devices/${device}` : "/devices",
    side: "hub",
    figure: score === null ? "–" : shortNumber(score),
    unit: isDrift ? "alarm" : score === null ? "nothing judged yet" : `steady, alarm above ${shortNumber(threshold)}`,
    beside: device === null ? "waits for sketches of devices" : `${device}, n = ${countText(frames)} frames`,
    isAlert: isDrift,
  };
}

const many = (count: number, one: string, more: string): string => `${countText(count)} ${count === 1 ? one : more}`;
