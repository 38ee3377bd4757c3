import { AnswersSchema } from "@fieldloop/devices";
import Type, { type Static } from "typebox";
import { searchSamples } from "../dataset/sample.ts";
import { type Sample, SampleSchema } from "../dataset/sample-row.ts";
import type { Hub } from "../hub-parts.ts";
import { getDevice } from "./device.ts";

const PredictionSchema = Type.Object({
  id: Type.String(),
  at: Type.Integer(),
  release: Type.String(),
  class: Type.Union([Type.String(), Type.Null()]),
  confidence: Type.Union([Type.Number(), Type.Null()]),
  heads: AnswersSchema,
  track: Type.Union([Type.String(), Type.Null()]),
  decision: Type.Union([Type.String(), Type.Null()]),
  latencyUs: Type.Integer(),
});

/** What a device said last and kept last, newest first; times by the hub's clock. id: `epoch-frame` */
export const DeviceLatestSchema = Type.Object({
  predictions: Type.Array(PredictionSchema),
  samples: Type.Array(SampleSchema),
});
export type DeviceLatest = Static<typeof DeviceLatestSchema>;
type Prediction = Static<typeof PredictionSchema>;

const predictionsShown = 20;
const samplesShown = 12;

/** The newest predictions and samples of a device. @throws {HubError} `not-found` */
export async function deviceLatest(hub: Hub, device: string): Promise<DeviceLatest> {
  const { clockOffsetMs } = await getDevice(hub, device);
  const [predictions, { samples }] = await Promise.all([
    hub.rows<Prediction>(
      `select epoch || '-' || frame as id, at, release, class, confidence, heads, track, decision, latency_us as "latencyUs"
       from predictions where fleet = $1 and device = $2 order by at desc, frame desc limit ${predictionsShown}`,
      [hub.fleet, device],
    ),
    searchSamples(hub, { device, limit: samplesShown }),
  ]);
  const byHub = <T extends Prediction | Sample>(item: T): T => ({ ...item, at: Number(item.at) + clockOffsetMs });
  return { predictions: predictions.map(byHub), samples: samples.map(byHub) };
}
