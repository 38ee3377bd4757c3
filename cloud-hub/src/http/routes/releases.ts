import { DigestSchema, IdentifierSchema } from "@fieldloop/devices";
import Type from "typebox";
import { exportBundle } from "../../registry/bundle.ts";
import { createRelease } from "../../registry/create-release.ts";
import { getRelease, NewReleaseSchema, ReleaseSchema, signedManifest } from "../../registry/release.ts";
import { ListedReleaseSchema, listReleases } from "../../registry/release-list.ts";
import type { RouteGroup } from "../route-group.ts";
import { personOf } from "../security/access.ts";

const DigestParamsSchema = Type.Object({ digest: DigestSchema });
const BlobParamsSchema = Type.Object({ sha256: Type.String({ pattern: "^(sha256:)?[0-9a-f]{64}$" }) });

/** Releases and the files they are made of. */
export const releaseRoutes: RouteGroup = (server, hub) => {
  server.post(
    "/v1/releases",
    { config: { access: "operator" }, schema: { body: NewReleaseSchema, response: { 201: ReleaseSchema } } },
    async (request, reply) => reply.status(201).send(await createRelease(hub, request.body, personOf(request).name)),
  );
  server.get(
    "/v1/releases",
    {
      config: { access: "viewer" },
      schema: { response: { 200: Type.Object({ releases: Type.Array(ListedReleaseSchema) }) } },
    },
    async () => ({ releases: await listReleases(hub) }),
  );
  server.get(
    "/v1/releases/:digest",
    { config: { access: "viewer" }, schema: { params: DigestParamsSchema, response: { 200: ReleaseSchema } } },
    (request) => getRelease(hub, request.params.digest),
  );
  server.get(
    "/v1/releases/:digest/manifest",
    { config: { access: "device" }, schema: { params: DigestParamsSchema } },
    async (request, reply) =>
      reply.type("application/cbor").send(Buffer.from(await signedManifest(hub, request.params.digest))),
  );
  server.get(
    "/v1/blobs/:sha256",
    { config: { access: "device" }, schema: { params: BlobParamsSchema } },
    async (request, reply) => {
      const bytes = Buffer.from(await hub.readBlob(`sha256:${request.params.sha256.replace(/^sha256:/, "")}`));
      void reply
        .type("application/octet-stream")
        .header("accept-ranges", "bytes")
        .header("cache-control", "private, max-age=31536000, immutable");
      const start = rangeStart(request.headers.range, bytes.length);
      if (start === undefined) return reply.send(bytes);
      return reply
        .status(206)
        .header("content-range", `bytes ${start}-${bytes.length - 1}/${bytes.length}`)
        .send(bytes.subarray(start));
    },
  );
  server.get(
    "/v1/releases/:digest/bundle",
    {
      config: { access: "viewer" },
      schema: { params: DigestParamsSchema, querystring: Type.Object({ device: IdentifierSchema }) },
    },
    async (request, reply) =>
      reply
        .type("application/x-tar")
        .send(Buffer.from(await exportBundle(hub, request.params.digest, request.query.device))),
  );
};

/** Where an interrupted download goes on; a range of another form, or past the end, gets the whole file (RFC 9110, 14.2). */
function rangeStart(header: string | undefined, length: number): number | undefined {
  const match = /^bytes=(\d{1,15})-$/.exec(header ?? "");
  const start = match === null ? length : Number(match[1]);
  return start < length ? start : undefined;
}
