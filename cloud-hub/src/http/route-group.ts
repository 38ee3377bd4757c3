import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from "fastify";
import type { Hub } from "../hub-parts.ts";
import type { Access } from "./security/access.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** Who may call the route; a route that says nothing needs the token. */
    access?: Access;
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
