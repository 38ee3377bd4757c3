import swagger from "@fastify/swagger";
import { type TypeBoxTypeProvider, TypeBoxValidatorCompiler } from "@fastify/type-provider-typebox";
import Fastify, { type FastifyServerOptions } from "fastify";
import type { Hub } from "../hub-parts.ts";
import { answerError, ErrorAnswerSchema } from "./error-answer.ts";
import { createPageServer } from "./page.ts";
import type { HubServer } from "./route-group.ts";
import { cookieNameOf } from "./routes/session.ts";
import { routeGroups } from "./routes.ts";
import { identify, requireAccess } from "./security/access.ts";
import type { Certificate } from "./security/certificate.ts";
import { checkHostAndOrigin } from "./security/host-check.ts";

/** The largest request body, in bytes. */
export const bodyLimitBytes = 8 * 1024 * 1024;

/** Another site's page gets nothing out of an answer, and no browser guesses what one is. */
const answerHeaders = { "x-content-type-options": "nosniff", "cross-origin-resource-policy": "same-origin" } as const;

/** How the server stands: TLS away from loopback, and the names by which it may be called. */
export type ServerOptions = {
  readonly certificate: Certificate | undefined;
  readonly hostNames: ReadonlySet<string>;
  readonly isLoopback: boolean;
  /** Where the built page lies, unless it is where the build puts it. */
  readonly pageFolder?: string;
  readonly logger?: FastifyServerOptions["logger"];
};

/** Builds the HTTP server over the hub's parts: checks first, then one file per route group; OpenAPI at /v1/openapi.json. */
export async function buildServer(hub: Hub, options: ServerOptions): Promise<HubServer> {
  const server = createFastify(options);
  server.setValidatorCompiler(TypeBoxValidatorCompiler);
  server.setSerializerCompiler(() => (value) => JSON.stringify(value));
  server.setErrorHandler(answerError);
  const servePage = createPageServer(options.pageFolder);
  server.setNotFoundHandler(async (request, reply) => {
    if (request.method === "GET" && !request.url.startsWith("/v1/")) return servePage(request, reply);
    return reply.status(404).send({
      code: "not-found",
      message: `Expected a route of /v1/openapi.json, got ${request.method} ${request.url}.`,
    });
  });
  acceptCbor(server);
  guard(server, hub, options);
  server.addHook("onRoute", (route) => {
    const response = route.schema?.response as Record<string, unknown> | undefined; // a map from status to schema
    if (route.schema !== undefined) route.schema.response = { ...response, "4xx": ErrorAnswerSchema };
  });
  await server.register(swagger, { openapi: { info: { title: "fieldloop hub", version: "1" } } });
  await server.register(async (scope) => {
    for (const group of routeGroups) group(scope as HubServer, hub);
  });
  server.get("/v1/openapi.json", { config: { access: "public" }, schema: { hide: true } }, () => server.swagger());
  return server;
}

function createFastify({ certificate, logger }: ServerOptions): HubServer {
  const common = {
    bodyLimit: bodyLimitBytes,
    logger: logger ?? false,
    requestTimeout: 120_000,
    forceCloseConnections: true,
  };
  // With https options the instance differs only in its raw server's type, which no route looks at.
  const server =
    certificate === undefined
      ? Fastify(common)
      : (Fastify({ ...common, https: { key: certificate.key, cert: certificate.cert } }) as unknown as HubServer);
  return server.withTypeProvider<TypeBoxTypeProvider>() as HubServer;
}

function acceptCbor(server: HubServer): void {
  server.addContentTypeParser("application/cbor", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
}

function guard(server: HubServer, hub: Hub, options: ServerOptions): void {
  const gate = {
    isLoopback: options.isLoopback,
    cookieName: cookieNameOf(hub),
    people: hub.people,
    checkDevice: hub.checkDevice,
  };
  server.decorateRequest("person", undefined);
  server.decorateRequest("stillAllowed", async function stillAllowed() {
    return (await identify(this, gate))?.name === this.person?.name;
  });
  server.addHook("onRequest", async (request, reply) => {
    const refusal = checkHostAndOrigin(request.headers, options.hostNames);
    if (refusal !== undefined) return reply.status(403).send(refusal);
    void reply.headers(answerHeaders);
    if (!request.is404) await requireAccess(request, request.routeOptions.config.access ?? "admin", gate);
  });
}
