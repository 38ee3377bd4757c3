import type { Receipt } from "@fieldloop/devices";
import type { Hub } from "../hub-parts.ts";
import { judgeNewSketches } from "./detector.ts";

const waiting = new WeakMap<Hub, Set<string>>();

/** Judges the windows of devices whose sketches were just stored, in the background: nobody needs to ask for it. */
export function watchDrift(hub: Hub, receipts: readonly Receipt[], onError: (error: unknown) => void): void {
  const devices = waiting.get(hub) ?? new Set<string>();
  waiting.set(hub, devices);
  for (const { lane, device } of receipts) {
    if (lane !== "sketches" || devices.has(device) || hub.isClosing()) continue;
    devices.add(device);
    judgeNewSketches(hub, device)
      .catch((error: unknown) => hub.isClosing() || onError(error))
      .finally(() => devices.delete(device));
  }
}
