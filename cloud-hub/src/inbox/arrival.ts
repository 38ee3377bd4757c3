import { decodeCbor, encodeCbor, type UplinkChannel } from "@fieldloop/devices";

/** What a device sent, as the broker took it in. receivedAt: ms since 1970 on the hub's clock */
export interface Arrival {
  readonly fleet: string;
  readonly device: string;
  readonly channel: UplinkChannel;
  readonly receivedAt: number;
  readonly payload: Uint8Array;
}

/** An arrival as the bytes of its inbox record. */
export function encodeArrival({ fleet, device, payload }: Arrival): Uint8Array {
  return encodeCbor({ v: 1, fleet, device, payload });
}

/** The arrival of an inbox record. */
export function decodeArrival(record: { kind: string; at: number; payload: Uint8Array }): Arrival {
  const { fleet, device, payload } = decodeCbor(record.payload) as Pick<Arrival, "fleet" | "device" | "payload">;
  return { fleet, device, channel: record.kind as UplinkChannel, receivedAt: record.at, payload }; // from encodeArrival
}
