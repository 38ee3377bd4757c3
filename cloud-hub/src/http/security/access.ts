import type { FastifyRequest } from "fastify";
import { HubError } from "../../errors.ts";
import { isSameSecret } from "./token.ts";

/**
 * Who may call a route. `public`: anyone who reaches the port · `read`: anyone on loopback, a token elsewhere · `write`: a
 * token · `device`: like `read`, or a device by its own credential
 */
export type Access = "public" | "read" | "write" | "device";

/** What decides about access. checkDevice: says whether a device's credential is the one that was issued */
export type Gatekeeper = {
  readonly token: string;
  readonly isLoopback: boolean;
  readonly checkDevice: (device: { fleet: string; device: string; credential: string }) => Promise<boolean>;
};

/**
 * Lets a request pass or refuses it by its route's access.
 * @throws {HubError} `unauthorized`, `wrong-credential`
 */
export async function requireAccess(request: FastifyRequest, access: Access, gate: Gatekeeper): Promise<void> {
  if (access === "public") return;
  const header = request.headers.authorization ?? "";
  if (header.startsWith("Bearer ") && isSameSecret(header.slice(7).trim(), gate.token)) return;
  if (access === "device" && header.startsWith("Device ")) return requireDevice(header.slice(7).trim(), gate);
  if (access !== "write" && gate.isLoopback && header === "") return;
  throw new HubError(
    "unauthorized",
    `Expected "Authorization: Bearer TOKEN" for ${request.method} ${request.routeOptions.url}, got ${header === "" ? "none" : "another one"}; the token stands in the file "token" of the hub's data folder.`,
  );
}

async function requireDevice(text: string, gate: Gatekeeper): Promise<void> {
  const match = /^([^/:]+)\/([^/:]+):(.+)$/.exec(text);
  if (match !== null) {
    const [, fleet = "", device = "", credential = ""] = match;
    if (await gate.checkDevice({ fleet, device, credential })) return;
  }
  throw new HubError(
    "wrong-credential",
    "Expected the credential that the hub issued when this device enrolled; enrol it again with a new code.",
  );
}
