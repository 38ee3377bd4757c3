import type { FastifyRequest } from "fastify";
import { HubError } from "../../errors.ts";
import { holdsRole, type Person, type Role } from "../../people/role.ts";

/**
 * Who may call a route. `public`: anyone who reaches the port · `device`: a device by its own credential, or a viewer · a
 * role: a person who holds it or a higher one; on loopback a viewer needs no sign-in
 */
export type Access = "public" | "device" | Role;

/** What decides about access. people: finds who shows a token or a session · checkDevice: knows the devices' credentials */
export type Gatekeeper = {
  readonly isLoopback: boolean;
  readonly cookieName: string;
  readonly people: {
    readonly byToken: (token: string) => Promise<Person | undefined>;
    readonly bySession: (session: string) => Promise<Person | undefined>;
  };
  readonly checkDevice: (device: { fleet: string; device: string; credential: string }) => Promise<boolean>;
};

/**
 * Lets a request pass or refuses it by its route's access; who called stands in `request.person` then.
 * @throws {HubError} `unauthorized`, `forbidden`, `wrong-credential`, `wrong-origin`
 */
export async function requireAccess(request: FastifyRequest, access: Access, gate: Gatekeeper): Promise<void> {
  if (access === "public") {
    request.person = await identify(request, gate).catch(() => undefined);
    return;
  }
  const header = request.headers.authorization ?? "";
  if (access === "device" && header.startsWith("Device ")) return requireDevice(header.slice(7).trim(), gate);
  const person = await identify(request, gate);
  request.person = person;
  const role = access === "device" ? "viewer" : access;
  if (person === undefined) {
    if (role === "viewer" && gate.isLoopback && header === "") return;
    throw unauthorized(request, header);
  }
  if (!holdsRole(person, role)) throw forbidden(request, person, role);
}

/** Who calls: by bearer token, else by the session's cookie. @throws {HubError} `wrong-origin` */
export async function identify(request: FastifyRequest, gate: Gatekeeper): Promise<Person | undefined> {
  const header = request.headers.authorization ?? "";
  if (header.startsWith("Bearer ")) return gate.people.byToken(header.slice(7).trim());
  const session = header === "" ? sessionOf(request, gate) : undefined;
  if (session === undefined) return undefined;
  requireOwnPage(request);
  return gate.people.bySession(session);
}

/** The session that the browser's cookie carries. */
export function sessionOf(request: FastifyRequest, { cookieName }: Pick<Gatekeeper, "cookieName">): string | undefined {
  for (const part of (request.headers.cookie ?? "").split(";")) {
    const [name, value] = part.trim().split("=", 2);
    if (name === cookieName && value !== undefined && value !== "") return value;
  }
  return undefined;
}

/** A browser sends the cookie by itself, so a write must come from the hub's own page. Source: OWASP ASVS 5.0, 3.5.1. */
function requireOwnPage(request: FastifyRequest): void {
  const site = request.headers["sec-fetch-site"];
  const isForeign = site !== undefined && site !== "same-origin" && site !== "none";
  const isWrite = request.method !== "GET" && request.method !== "HEAD";
  if (!isForeign && (!isWrite || request.headers.origin !== undefined)) return;
  throw new HubError(
    "wrong-origin",
    `Expected a write by cookie to come from the hub's own page, got ${isForeign ? `Sec-Fetch-Site ${String(site)}` : "no Origin"}; a program sends "Authorization: Bearer TOKEN" instead.`,
  );
}

/** Who called a route that asks for a role. @throws {HubError} `unauthorized` */
export function personOf(request: FastifyRequest): Person {
  if (request.person !== undefined) return request.person;
  throw unauthorized(request, request.headers.authorization ?? "");
}

function unauthorized(request: FastifyRequest, header: string): HubError {
  return new HubError(
    "unauthorized",
    `Expected "Authorization: Bearer TOKEN" for ${request.method} ${request.routeOptions.url}, or a session of the page; got ${header === "" ? "none" : "another one"}. Your token was printed by "fieldloop people add"; the hub's own stands in the file "token" of its data folder.`,
  );
}

function forbidden(request: FastifyRequest, person: Person, role: Role): HubError {
  return new HubError(
    "forbidden",
    `Expected ${article(role)} for ${request.method} ${request.routeOptions.url}, ${person.name} is ${article(person.role)}; an admin can add them with a higher role.`,
  );
}

const article = (role: Role): string => `${/^[ao]/.test(role) ? "an" : "a"} ${role}`;

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
