import type { ReleaseManifest } from "@fieldloop/devices";
import type { FleetApplier } from "../inbox/fleet-applier.ts";

/** A signed release. */
export type ReleaseDecision = {
  readonly digest: string;
  readonly version: string;
  readonly createdAt: number;
  readonly profiles: Readonly<Record<string, { readonly target: string; readonly why: string }>>;
  readonly manifest: ReleaseManifest;
  readonly signed: Uint8Array;
  readonly by?: string;
};

/** Writes a release once. */
export const applyRelease: FleetApplier<ReleaseDecision> = async (session, fleet, decision) => {
  const { digest, version, createdAt, profiles, manifest, signed, by = null } = decision;
  await session.query(
    `insert into releases (fleet, digest, version, profiles, manifest, signed, created_at, created_by)
     values ($1, $2, $3, $4::jsonb, $5::jsonb, $6, $7, $8) on conflict do nothing`,
    [fleet, digest, version, JSON.stringify(profiles), JSON.stringify(manifest), signed, createdAt, by],
  );
};
