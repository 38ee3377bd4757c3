import type { FleetApplier } from "../inbox/fleet-applier.ts";
import { type CountedSample, countSamples } from "../rollups/sample-counts.ts";
import type { ImportedSample } from "./import.ts";

/** Imported samples with the labels that came along. */
export type ImportDecision = { readonly samples: readonly ImportedSample[]; readonly importedAt: number };

/** Writes imported samples and their labels; an id that is there already, or was deleted, stays as it is. */
export const applyImport: FleetApplier<ImportDecision> = async (session, fleet, { samples, importedAt }) => {
  const rows = samples.map(({ labels, ...sample }) => ({ ...sample, labelled: Object.keys(labels).length > 0 }));
  const { rows: written } = await session.query<CountedSample & { id: string }>(
    `insert into samples (fleet, id, source, at, received_at, blob, width, height, encoding, track, split, context, is_labelled)
     select $1, x.id, 'import', x.at, $2, x.blob, x.width, x.height, x.encoding, x.track, x.split, x.context, x.labelled
     from jsonb_to_recordset($3::jsonb) as x(id text, at bigint, blob text, width integer, height integer, encoding text,
       track text, split text, context jsonb, labelled boolean)
     where not exists (select 1 from deleted_samples d where d.fleet = $1 and d.id = x.id)
     on conflict do nothing returning id, source, at, device, release, class, confidence, audit`,
    [fleet, importedAt, JSON.stringify(rows)],
  );
  await countSamples(session, fleet, written, 1);
  const ids = new Set(written.map(({ id }) => id));
  const labels = samples.flatMap(({ id, labels }) =>
    Object.entries(labels).map(([head, name]) => ({
      id: `import ${id} ${head}`,
      sample: id,
      head,
      class: name,
      isHeld: ids.has(id),
    })),
  );
  await session.query(
    `insert into labels (fleet, id, sample, head, class, author, kind, at)
     select $1, x.id, x.sample, x.head, x.class, 'import', 'human', $2
     from jsonb_to_recordset($3::jsonb) as x(id text, sample text, head text, class text)
     on conflict do nothing`,
    [fleet, importedAt, JSON.stringify(labels)],
  );
  await session.query(
    `insert into sample_labels (fleet, sample, head, label, class, author, kind, state, at)
     select $1, x.sample, x.head, x.id, x.class, 'import', 'human', 'answered', $2
     from jsonb_to_recordset($3::jsonb) as x(id text, sample text, head text, class text, "isHeld" boolean)
     where x."isHeld" on conflict do nothing`,
    [fleet, importedAt, JSON.stringify(labels)],
  );
};
