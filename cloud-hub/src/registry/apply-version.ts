import type { FleetApplier } from "../inbox/fleet-applier.ts";
import type { Variant, Version } from "./version.ts";

/** A version; the same result again is the version that is there. */
export type VersionDecision = Omit<Version, "variants">;

/** Writes a version once. */
export const applyVersion: FleetApplier<VersionDecision> = async (session, fleet, version) => {
  const { id, model, run, snapshot, base, preprocess, components, metrics, createdAt } = version;
  await session.query(
    `insert into versions (fleet, id, model, run, snapshot, base, preprocess, components, metrics, created_at)
     values ($1, $2, $3, $4, $5, $6, $7::jsonb, $8::jsonb, $9::jsonb, $10) on conflict do nothing`,
    [
      fleet,
      id,
      model,
      run,
      snapshot,
      base,
      JSON.stringify(preprocess),
      JSON.stringify(components),
      JSON.stringify(metrics),
      createdAt,
    ],
  );
};

/** The variants that one compilation made; they take the place of older ones for the same targets. */
export type VariantsDecision = {
  readonly version: string;
  readonly variants: readonly Variant[];
  readonly job: string;
  readonly createdAt: number;
};

/** Writes the variants of a version, and ends the job that made them. */
export const applyVariants: FleetApplier<VariantsDecision> = async (session, fleet, decision) => {
  const { version, variants, job, createdAt } = decision;
  for (const { target, components, fitCard } of variants) {
    await session.query(
      `insert into variants (fleet, version, target, components, fit_card, created_at)
       values ($1, $2, $3, $4::jsonb, $5::jsonb, $6)
       on conflict (fleet, version, target) do update
       set components = excluded.components, fit_card = excluded.fit_card, created_at = excluded.created_at`,
      [fleet, version, target, JSON.stringify(components), JSON.stringify(fitCard), createdAt],
    );
  }
  const result = { targets: variants.map(({ target }) => target) };
  await session.query(
    `update jobs set state = 'done', result = $3::jsonb, progress = 1, updated_at = $4
     where fleet = $1 and id = $2 and state in ('waiting', 'running')`,
    [fleet, job, JSON.stringify(result), createdAt],
  );
};
