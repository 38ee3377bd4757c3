import { isSameSecret } from "../http/security/token.ts";
import type { Hub } from "../hub-parts.ts";
import { hashSecret } from "./credential.ts";

/** Says whether a credential is the one that the hub issued to a device last, and has not revoked. */
export function deviceCheck(fleet: string, rows: Hub["rows"]): Hub["checkDevice"] {
  return async (who) => {
    if (who.fleet !== fleet) return false;
    const [row] = await rows<{ hash: string | null }>(
      "select credential_hash as hash from devices where fleet = $1 and device = $2 and revoked_at is null",
      [fleet, who.device],
    );
    return row?.hash != null && isSameSecret(hashSecret(who.credential), row.hash);
  };
}
