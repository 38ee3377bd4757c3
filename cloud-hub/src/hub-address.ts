import { networkInterfaces } from "node:os";
import type { Certificate } from "./http/security/certificate.ts";
import type { HubAddress } from "./hub-parts.ts";

/** Says whether only this machine reaches an address. */
export const isLoopbackAddress = (address: string): boolean =>
  address === "localhost" || address === "::1" || address === "127.0.0.1";

/** Where a hub is reached, as enrolment codes carry it; TLS wherever there is a certificate. */
export function hubAddress(
  address: string,
  ports: { readonly http: number; readonly mqtt: number },
  certificate: Certificate | undefined,
): HubAddress {
  const name = advertisedName(address);
  const secure = certificate === undefined ? "" : "s";
  return {
    httpUrl: `http${secure}://${name}:${ports.http}`,
    mqttUrl: `mqtt${secure}://${name}:${ports.mqtt}`,
    fingerprint: certificate?.fingerprint,
  };
}

/** The address itself, or this machine's first one when the hub listens on all. */
function advertisedName(address: string): string {
  if (address !== "0.0.0.0" && address !== "::") return address.includes(":") ? `[${address}]` : address;
  const own = Object.values(networkInterfaces())
    .flat()
    .find((entry) => entry !== undefined && !entry.internal && entry.family === "IPv4");
  return own?.address ?? "127.0.0.1";
}
