import type { FleetApplier } from "../inbox/fleet-applier.ts";
import type { ImportedSample } from "./import.ts";

/** Imported samples with the labels that came along. */
export type ImportDecision = { readonly samples: readonly ImportedSample[]; readonly importedAt: number };

/** Writes imported samples and their labels; an id that is there already stays as it is. */
export const applyImport: FleetApplier<ImportDecision> = async (session, fleet, { samples, importedAt }) => {
  await session.query(
    `insert into samples (fleet, id, source, at, received_at, blob, width, height, encoding, track, split, context)
     select $1, x.id, 'import', x.at, $2, x.blob, x.width, x.height, x.encoding, x.track, x.split, x.context
     from jsonb_to_recordset($3::jsonb) as x(id text, at bigint, blob text, width integer, height integer, encoding text,
       track text, split text, context jsonb)
     on conflict do nothing`,
    [fleet, importedAt, JSON.stringify(samples)],
  );
  const labels = samples.flatMap(({ id, labels }) =>
    Object.entries(labels).map(([head, name]) => ({ id: `import ${id} ${head}`, sample: id, head, class: name })),
  );
  await session.query(
    `insert into labels (fleet, id, sample, head, class, author, kind, at)
     select $1, x.id, x.sample, x.head, x.class, 'import', 'human', $2
     from jsonb_to_recordset($3::jsonb) as x(id text, sample text, head text, class text)
     on conflict do nothing`,
    [fleet, importedAt, JSON.stringify(labels)],
  );
};
