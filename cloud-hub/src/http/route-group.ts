import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from "fastify";
import type { Hub } from "../hub-parts.ts";
import type { Person } from "../people/role.ts";
import type { Access } from "./security/access.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** Who may call the route; a route that says nothing needs an admin. */
    access?: Access;
  }
  interface FastifyRequest {
    /** Who calls; on loopback a viewer may be nobody in particular. */
    person: Person | undefined;
    /** Whether who called is still who they were: for answers that go on for long. */
    stillAllowed: () => Promise<boolean>;
  }
}

/** The server as routes see it: schemas are TypeBox and give the request its type. */
export type HubServer = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

/** Adds the routes of one subject. */
export type RouteGroup = (server: HubServer, hub: Hub) => void;
