import { hostname, networkInterfaces } from "node:os";

/** Why a request was turned away before anything looked at it. */
export type HostRefusal = { readonly code: "wrong-host" | "wrong-origin"; readonly message: string };

/** The names under which a hub that listens on `address` may be called; loopback names always count. */
export function allowedHostNames(address: string): ReadonlySet<string> {
  const names = new Set(["localhost", "127.0.0.1", "[::1]", address.includes(":") ? `[${address}]` : address]);
  if (address === "0.0.0.0" || address === "::") {
    names.add(hostname().toLowerCase());
    for (const entry of Object.values(networkInterfaces()).flat()) {
      if (entry) names.add(entry.family === "IPv6" ? `[${entry.address}]` : entry.address);
    }
  }
  return names;
}

/**
 * Checks Host against the hub's own names (a rebound DNS name fails) and Origin against Host (another site's page fails).
 * Source: OWASP ASVS 5.0, 3.5.1–2.
 */
export function checkHostAndOrigin(
  headers: { readonly host?: string | undefined; readonly origin?: string | undefined },
  allowed: ReadonlySet<string>,
): HostRefusal | undefined {
  const host = headers.host?.toLowerCase() ?? "";
  const name = host.replace(/:\d+$/, "");
  if (!allowed.has(name)) {
    return {
      code: "wrong-host",
      message: `Expected a Host header out of ${[...allowed].join(", ")}, got ${JSON.stringify(host.slice(0, 80))}; call the hub by its own address.`,
    };
  }
  if (headers.origin !== undefined && !isSameOrigin(headers.origin, host)) {
    return {
      code: "wrong-origin",
      message: `Expected requests from pages of ${host} only, got Origin ${JSON.stringify(headers.origin.slice(0, 80))}; another site may not speak to this hub.`,
    };
  }
  return undefined;
}

function isSameOrigin(origin: string, host: string): boolean {
  try {
    return new URL(origin).host.toLowerCase() === host;
  } catch {
    return false;
  }
}
