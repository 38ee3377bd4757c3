import type { KeyObject } from "node:crypto";
import { decodeMessage, type Lane, verifyReceipt } from "@fieldloop/devices";

/** Why a receipt releases nothing. */
export type ReceiptRefusal = "malformed" | "bad-signature" | "other-device" | "other-epoch" | "beyond-end";

/** What a receipt must match to release anything. */
export interface ReceiptScope {
  readonly hubKey: KeyObject;
  readonly fleet: string;
  readonly device: string;
  readonly epoch: string;
  readonly lastSeq: (lane: Lane) => number;
}

/**
 * Reads a receipt from the wire: only one that the pinned hub key signed for this fleet, device and epoch, and that names
 * records which exist, says how far a lane may be released.
 */
export function checkReceipt(
  payload: Uint8Array,
  scope: ReceiptScope,
): { readonly lane: Lane; readonly upTo: number } | ReceiptRefusal {
  const signed = decoded(payload);
  if (signed === undefined) return "malformed";
  const verified = verifyReceipt(signed, scope.hubKey);
  if (!verified.ok) return verified.why;
  const { fleet, device, epoch, lane, upTo } = verified.value;
  if (fleet !== scope.fleet || device !== scope.device) return "other-device";
  if (epoch !== scope.epoch) return "other-epoch";
  return upTo > scope.lastSeq(lane) ? "beyond-end" : { lane, upTo };
}

function decoded(payload: Uint8Array) {
  try {
    return decodeMessage("signed", payload);
  } catch {
    return undefined;
  }
}
