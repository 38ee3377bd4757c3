import { IdentifierSchema, ReleaseManifestSchema, RuleSchema, SamplingPolicySchema } from "@fieldloop/devices";
import Type, { type Static } from "typebox";
import { HubError } from "../errors.ts";
import type { Hub } from "../hub-parts.ts";
import { BudgetSchema } from "./target-choice.ts";

/**
 * A release to make. profiles: to serve, all that get a target unless given · golden: a golden set of the caller's (CBOR,
 * base64) instead of the hub's choice, and its tolerance · accept: a person takes variants outside their budget, and a version
 * that did not pass its gate; by: who, when it is not the caller
 */
export const NewReleaseSchema = Type.Object({
  version: Type.String({ pattern: "^sha256:[0-9a-f]{64}$" }),
  profiles: Type.Optional(Type.Array(IdentifierSchema, { minItems: 1, maxItems: 32 })),
  policy: SamplingPolicySchema,
  rules: Type.Optional(Type.Array(RuleSchema, { maxItems: 16 })),
  budget: Type.Optional(BudgetSchema),
  golden: Type.Optional(Type.String()),
  goldenTolerance: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
  accept: Type.Optional(
    Type.Object({
      by: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
      reason: Type.String({ minLength: 1, maxLength: 1000 }),
    }),
  ),
});
export type NewRelease = Static<typeof NewReleaseSchema>;

/** A release to make whose acceptance, where there is one, names its author. */
export type AuthoredRelease = Omit<NewRelease, "accept"> & {
  readonly accept?: { readonly by: string; readonly reason: string };
};

/** A signed release. profiles: the target that each gets, and why */
export const ReleaseSchema = Type.Object({
  digest: Type.String(),
  version: Type.String(),
  createdAt: Type.Integer(),
  profiles: Type.Record(Type.String(), Type.Object({ target: Type.String(), why: Type.String() })),
  manifest: ReleaseManifestSchema,
});
export type Release = Static<typeof ReleaseSchema>;

/** One release. @throws {HubError} `not-found` */
export async function getRelease(hub: Pick<Hub, "rows" | "fleet">, digest: string): Promise<Release> {
  const [row] = await hub.rows<Release>(
    `select digest, version, created_at as "createdAt", profiles, manifest from releases where fleet = $1 and digest = $2`,
    [hub.fleet, digest],
  );
  if (row !== undefined) return { ...row, createdAt: Number(row.createdAt) };
  throw new HubError("not-found", `Expected a release of this fleet, found none with digest ${digest}.`);
}

/** The signed manifest as devices read it (CBOR). @throws {HubError} `not-found` */
export async function signedManifest(hub: Pick<Hub, "rows" | "fleet">, digest: string): Promise<Uint8Array> {
  const [row] = await hub.rows<{ signed: Uint8Array }>("select signed from releases where fleet = $1 and digest = $2", [
    hub.fleet,
    digest,
  ]);
  if (row !== undefined) return new Uint8Array(row.signed);
  throw new HubError("not-found", `Expected a release of this fleet, found none with digest ${digest}.`);
}
