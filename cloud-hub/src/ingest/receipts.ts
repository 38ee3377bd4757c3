import type { KeyObject } from "node:crypto";
import { encodeMessage, type Receipt, signReceipt } from "@fieldloop/devices";
import type { SqlSession } from "../storage/db.ts";

/** Everything that may be acknowledged to a device now: said again when it connects, since a receipt may have been lost. */
export async function currentReceipts(
  session: SqlSession,
  { fleet, device }: { readonly fleet: string; readonly device: string },
): Promise<readonly Receipt[]> {
  const { rows } = await session.query<Pick<Receipt, "epoch" | "lane"> & { up_to: number }>(
    "select epoch, lane, up_to from cursors where fleet = $1 and device = $2 order by updated_at desc limit 64",
    [fleet, device],
  );
  return rows.map(({ epoch, lane, up_to }) => ({ v: 1, fleet, device, epoch, lane, upTo: up_to }));
}

/** A receipt as it goes over the wire, signed by the hub's key so that a hostile broker cannot make a device delete. */
export function encodeReceipt(receipt: Receipt, key: KeyObject): Uint8Array {
  return encodeMessage("signed", signReceipt(receipt, key));
}
