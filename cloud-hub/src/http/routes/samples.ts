import Type from "typebox";
import { DeletedSampleSchema, DeletionSchema, deleteSample } from "../../dataset/deleted-sample.ts";
import { ImportAnswerSchema, importSamples } from "../../dataset/import.ts";
import { getSample, SamplePageSchema, sampleImage, searchSamples } from "../../dataset/sample.ts";
import { SampleQuerySchema } from "../../dataset/sample-query.ts";
import { SampleSchema } from "../../dataset/sample-row.ts";
import { nearestFirst, SimilarRequestSchema } from "../../dataset/similar.ts";
import { HubError } from "../../errors.ts";
import { HistogramRequestSchema, HistogramSchema, readHistogram } from "../../rollups/histogram.ts";
import type { RouteGroup } from "../route-group.ts";
import { personOf } from "../security/access.ts";

const IdSchema = Type.Object({ id: Type.String({ maxLength: 64 }) });
const cursor = Type.Optional(Type.String({ maxLength: 300 }));
const PageQuerySchema = Type.Object({
  ...SampleQuerySchema.properties,
  near: Type.Optional(Type.String({ maxLength: 64 })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
  after: cursor,
  cursor,
});

/** Importing, finding, looking at and deleting samples. */
export const sampleRoutes: RouteGroup = (server, hub) => {
  server.post(
    "/v1/samples/import",
    {
      config: { access: "operator" },
      schema: { consumes: ["application/cbor"], response: { 200: ImportAnswerSchema } },
    },
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
    { config: { access: "viewer" }, schema: { querystring: PageQuerySchema, response: { 200: SamplePageSchema } } },
    (request) => searchSamples(hub, request.query),
  );
  server.get(
    "/v1/samples/histogram",
    {
      config: { access: "viewer" },
      schema: { querystring: HistogramRequestSchema, response: { 200: Type.Object(HistogramSchema.properties) } },
    },
    (request) => readHistogram(hub, request.query),
  );
  server.get(
    "/v1/samples/similar",
    {
      config: { access: "viewer" },
      schema: { querystring: SimilarRequestSchema, response: { 200: SamplePageSchema } },
    },
    async (request) => ({ samples: await nearestFirst(hub, request.query) }),
  );
  server.get(
    "/v1/samples/:id",
    { config: { access: "viewer" }, schema: { params: IdSchema, response: { 200: SampleSchema } } },
    (request) => getSample(hub, request.params.id),
  );
  server.delete(
    "/v1/samples/:id",
    {
      config: { access: "operator" },
      schema: { params: IdSchema, querystring: DeletionSchema, response: { 200: DeletedSampleSchema } },
    },
    (request) => deleteSample(hub, request.params.id, request.query, personOf(request)),
  );
  server.get(
    "/v1/samples/:id/image",
    { config: { access: "viewer" }, schema: { params: IdSchema } },
    async (request, reply) => {
      const { encoding, blob } = await sampleImage(hub, request.params.id);
      // An id names one image for good, so a browser never needs to ask again.
      const etag = `"${blob.replace("sha256:", "")}"`;
      void reply.header("etag", etag).header("cache-control", "private, max-age=31536000, immutable");
      if (request.headers["if-none-match"] === etag) return reply.status(304).send();
      return reply.type(`image/${encoding}`).send(Buffer.from(await hub.readBlob(blob)));
    },
  );
};
