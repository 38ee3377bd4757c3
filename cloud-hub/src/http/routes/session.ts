import { createHash } from "node:crypto";
import Type from "typebox";
import { HubError } from "../../errors.ts";
import type { Hub } from "../../hub-parts.ts";
import { sessionLifeMs } from "../../people/people-book.ts";
import { type Person, roles } from "../../people/role.ts";
import type { RouteGroup } from "../route-group.ts";
import { sessionOf } from "../security/access.ts";
import { SignInThrottle } from "../security/sign-in-throttle.ts";

const SignInSchema = Type.Object({ token: Type.String({ minLength: 1, maxLength: 200 }) });

/** Who is signed in; without a person, role `viewer` on loopback and null elsewhere says what one may do as one is. */
export const SessionAnswerSchema = Type.Object({
  person: Type.Union([Type.Object({ name: Type.String(), role: Type.Enum([...roles]) }), Type.Null()]),
  /** What the caller may do now. */
  role: Type.Union([Type.Enum([...roles]), Type.Null()]),
  fleet: Type.String(),
  version: Type.String(),
});

/** The name of a hub's cookie: two hubs on one host share a browser's cookies whatever their ports are. */
export const cookieNameOf = (hub: Pick<Hub, "publicKey">): string =>
  `fieldloop_${createHash("sha256").update(hub.publicKey).digest("hex").slice(0, 8)}`;

/** Signing in to the page, who one is, and signing out. */
export const sessionRoutes: RouteGroup = (server, hub) => {
  const throttle = new SignInThrottle();
  const cookieName = cookieNameOf(hub);
  const isLoopback = () => hub.address().fingerprint === undefined;
  const cookie = (value: string, maxAgeS: number): string =>
    `${cookieName}=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${maxAgeS}${isLoopback() ? "" : "; Secure"}`;
  const answer = (person: Person | undefined) => ({
    person: person ?? null,
    role: person?.role ?? (isLoopback() ? ("viewer" as const) : null),
    fleet: hub.fleet,
    version: hub.version,
  });

  server.post(
    "/v1/session",
    {
      config: { access: "public" },
      bodyLimit: 4096,
      schema: { body: SignInSchema, response: { 200: SessionAnswerSchema } },
    },
    async (request, reply) => {
      const waitMs = throttle.waitMs(request.ip, hub.clock());
      if (waitMs > 0) {
        void reply.header("retry-after", Math.ceil(waitMs / 1000));
        throw new HubError(
          "too-many-tries",
          `Expected fewer tries to sign in from here; the next one is looked at in ${Math.ceil(waitMs / 1000)} s.`,
        );
      }
      const opened = await hub.people.openSession(request.body.token.trim());
      if (opened === undefined) {
        throttle.failed(request.ip, hub.clock());
        throw new HubError(
          "unauthorized",
          'Expected the token of a person or of the hub, got another one; an admin prints yours with "fieldloop people add".',
        );
      }
      void reply.header("set-cookie", cookie(opened.secret, sessionLifeMs / 1000));
      return answer(opened.person);
    },
  );
  server.get(
    "/v1/session",
    { config: { access: "public" }, schema: { response: { 200: SessionAnswerSchema } } },
    (request) => answer(request.person),
  );
  server.delete(
    "/v1/session",
    { config: { access: "public" }, schema: { response: { 200: SessionAnswerSchema } } },
    async (request, reply) => {
      const session = sessionOf(request, { cookieName });
      if (session !== undefined && request.person !== undefined) await hub.people.endSession(session);
      void reply.header("set-cookie", cookie("", 0));
      return answer(undefined);
    },
  );
};
