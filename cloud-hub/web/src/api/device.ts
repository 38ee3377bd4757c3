import { queryOptions } from "@tanstack/react-query";
import { get } from "./hub.ts";

/** How a device does. unknown: it never answered */
export type DeviceHealth = { readonly state: "healthy" | "silent" | "failing" | "unknown"; readonly sentence: string };

/** A device as the hub lists it. Times in ms since 1970. */
export type Device = {
  readonly device: string;
  readonly profile: string;
  readonly group: string | null;
  readonly simulated: boolean;
  readonly enrolled: boolean;
  readonly createdAt: number;
  readonly lastSeen: number | null;
  readonly release: string | null;
  readonly desired: { readonly number: number; readonly release: string } | null;
  readonly connected: boolean;
  readonly connectedAt: number | null;
  readonly disconnectedAt: number | null;
  readonly health: DeviceHealth;
  readonly notes: readonly { readonly kind: string; readonly sentence: string }[];
  readonly temperatureC: number | null;
  readonly waiting: { readonly records: number; readonly bytes: number } | null;
  readonly clockOffsetMs: number;
};

/** Something that happened to a device. */
export type TimelineEntry = {
  readonly at: number;
  readonly kind: "release" | "start" | "engine" | "gap" | "clock" | "window" | "claim" | "twin";
  readonly sentence: string;
  readonly release: string | null;
  readonly state: string | null;
  readonly count: number | null;
};

/** How the frames of one bucket fared; drops and errors by reason. */
export type AnswerCounts = {
  readonly at: number;
  readonly frames: number;
  readonly drops: Readonly<Record<string, number>>;
  readonly errors: Readonly<Record<string, number>>;
};

/** What happened to a device in a span, newest entries first. */
export type Timeline = {
  readonly from: number;
  readonly to: number;
  readonly entries: readonly TimelineEntry[];
  readonly more: boolean;
  readonly bucketMs: number;
  readonly counts: readonly AnswerCounts[];
};

/** Figures of one bucket under one release, from merged sketches; n of each is frames. */
export type CurvePoint = {
  readonly at: number;
  readonly release: string;
  readonly frames: number;
  readonly heads?: Readonly<Record<string, { readonly confidence: number | null }>>;
  readonly latencyUs?: { readonly p50: number | null; readonly p95: number | null };
};

/** What a device answered last. */
export type Prediction = {
  readonly id: string;
  readonly at: number;
  readonly release: string;
  readonly class: string | null;
  readonly confidence: number | null;
  readonly latencyUs: number;
};

/** A kept input, as far as the device's page shows it. */
export type LatestSample = {
  readonly id: string;
  readonly at: number;
  readonly class: string | null;
  readonly confidence: number | null;
  readonly audit: boolean;
  readonly labels: Readonly<Record<string, { readonly class: string }>>;
};

/** Every device of the fleet. */
export const devicesQuery = queryOptions({
  queryKey: ["devices", "list"],
  queryFn: async ({ signal }) => (await get<{ devices: readonly Device[] }>("/v1/devices", {}, signal)).devices,
});

/** One device. */
export const deviceQuery = (device: string) =>
  queryOptions({
    queryKey: ["devices", "one", device],
    queryFn: ({ signal }) => get<Device>(`/v1/devices/${encodeURIComponent(device)}`, {}, signal),
  });

/** What happened to a device in the last `spanMs`. */
export const timelineQuery = (device: string, spanMs: number) =>
  queryOptions({
    queryKey: ["devices", "timeline", device, spanMs],
    queryFn: ({ signal }) =>
      get<Timeline>(`/v1/devices/${encodeURIComponent(device)}/timeline`, { from: Date.now() - spanMs }, signal),
  });

/** A device's figures over the last `spanMs`. */
export const curvesQuery = (device: string, spanMs: number) =>
  queryOptions({
    queryKey: ["drift", "curves", device, spanMs],
    queryFn: ({ signal }) => {
      const to = Date.now();
      return get<{ bucketMs: number; points: readonly CurvePoint[] }>(
        "/v1/curves",
        { device, from: to - spanMs, to },
        signal,
      );
    },
  });

/** What a device said and kept last. */
export const latestQuery = (device: string) =>
  queryOptions({
    queryKey: ["devices", "latest", device],
    queryFn: ({ signal }) =>
      get<{ predictions: readonly Prediction[]; samples: readonly LatestSample[] }>(
        `/v1/devices/${encodeURIComponent(device)}/latest`,
        {},
        signal,
      ),
  });
