import { canonicalBytes, digestOf, FitCardSchema, PreprocessSpecSchema } from "@fieldloop/devices";
import Type, { type Static } from "typebox";
import { HubError } from "../errors.ts";
import type { Hub } from "../hub-parts.ts";

const BlobSchema = Type.Object({ digest: Type.String(), bytes: Type.Integer() });

/** One trained part: the backbone, or a head on its embedding, as canonical ONNX. */
export const VersionComponentSchema = Type.Object({
  name: Type.String(),
  role: Type.Enum(["backbone", "head"]),
  interface: Type.String(),
  classes: Type.Optional(Type.Array(Type.String())),
  canonical: BlobSchema,
});
export type VersionComponent = Static<typeof VersionComponentSchema>;

/** A version compiled for one target, and what was measured of it. */
export const VariantSchema = Type.Object({
  target: Type.String(),
  components: Type.Record(Type.String(), BlobSchema),
  fitCard: FitCardSchema,
});
export type Variant = Static<typeof VariantSchema>;

/** One immutable training result with its lineage (run → snapshot → samples) and the variants made of it so far. */
export const VersionSchema = Type.Object({
  id: Type.String(),
  model: Type.String(),
  run: Type.String(),
  snapshot: Type.String(),
  base: Type.Union([Type.String(), Type.Null()]),
  createdAt: Type.Integer(),
  preprocess: PreprocessSpecSchema,
  components: Type.Array(VersionComponentSchema),
  metrics: Type.Record(Type.String(), Type.Unknown()),
  variants: Type.Array(VariantSchema),
});
export type Version = Static<typeof VersionSchema>;

/** What makes a version what it is: equal inputs and equal bytes are the same version. */
export function versionId(
  parts: Pick<Version, "model" | "preprocess" | "components" | "base"> & { snapshotHash: string },
): string {
  return digestOf(canonicalBytes({ v: 1, kind: "version", ...parts }));
}

const columns = `v.id, v.model, v.run, v.snapshot, v.base, v.created_at as "createdAt", v.preprocess, v.components, v.metrics,
  coalesce((select jsonb_agg(jsonb_build_object('target', x.target, 'components', x.components, 'fitCard', x.fit_card) order by x.target)
            from variants x where x.fleet = v.fleet and x.version = v.id), '[]'::jsonb) as variants`;

/** Every version of the fleet, newest first. */
export async function listVersions(hub: Hub): Promise<Version[]> {
  const rows = await hub.rows<Version>(
    `select ${columns} from versions v where v.fleet = $1 order by v.created_at desc limit 1000`,
    [hub.fleet],
  );
  return rows.map(fromRow);
}

/** One version. @throws {HubError} `not-found` */
export async function getVersion(hub: Hub, id: string): Promise<Version> {
  const [row] = await hub.rows<Version>(`select ${columns} from versions v where v.fleet = $1 and v.id = $2`, [
    hub.fleet,
    id,
  ]);
  if (row !== undefined) return fromRow(row);
  throw new HubError(
    "not-found",
    `Expected a version of this fleet, found none with id ${id}; "fieldloop train" makes one.`,
  );
}

const fromRow = (row: Version): Version => ({ ...row, createdAt: Number(row.createdAt) });
