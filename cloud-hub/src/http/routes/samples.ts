import Type from "typebox";
import { ImportAnswerSchema, importSamples } from "../../dataset/import.ts";
import { getSample, SamplePageSchema, SampleSchema, sampleImage, searchSamples } from "../../dataset/sample.ts";
import { SampleQuerySchema } from "../../dataset/sample-query.ts";
import { HubError } from "../../errors.ts";
import type { RouteGroup } from "../route-group.ts";

const IdSchema = Type.Object({ id: Type.String({ maxLength: 64 }) });
const PageQuerySchema = Type.Object({
  ...SampleQuerySchema.properties,
  near: Type.Optional(Type.String({ maxLength: 64 })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
  cursor: Type.Optional(Type.String({ maxLength: 300 })),
});

/** Importing, finding and looking at samples. */
export const sampleRoutes: RouteGroup = (server, hub) => {
  server.post(
    "/v1/samples/import",
    { schema: { consumes: ["application/cbor"], response: { 200: ImportAnswerSchema } } },
    (request) => {
      if (!(request.body instanceof Uint8Array)) {
        throw new HubError(
          "bad-request",
          "Expected a CBOR body {items: […]}; send it with content type application/cbor.",
        );
      }
      return importSamples(hub, request.body);
    },
  );
  server.get(
    "/v1/samples",
    { config: { access: "read" }, schema: { querystring: PageQuerySchema, response: { 200: SamplePageSchema } } },
    (request) => searchSamples(hub, request.query),
  );
  server.get(
    "/v1/samples/:id",
    { config: { access: "read" }, schema: { params: IdSchema, response: { 200: SampleSchema } } },
    (request) => getSample(hub, request.params.id),
  );
  server.get(
    "/v1/samples/:id/image",
    { config: { access: "read" }, schema: { params: IdSchema } },
    async (request, reply) => {
      const { encoding, bytes } = await sampleImage(hub, request.params.id);
      return reply.type(`image/${encoding}`).header("x-content-type-options", "nosniff").send(Buffer.from(bytes));
    },
  );
};
