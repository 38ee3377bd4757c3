import { openHubStore } from "@fieldloop/cloud-hub/store";
import { lanes } from "@fieldloop/devices";

/** What a stopped hub holds of one device. lines: `held LANE SEQ stored` and `gone LANE FROM TO`, for a ledger */
export interface HubAccount {
  readonly lines: readonly string[];
  readonly records: number;
  readonly gaps: number;
  /** Frames with more than one sample, records of a sample lane without exactly one row, and records that were refused. */
  readonly duplicated: number;
  readonly quarantined: number;
  /** Samples whose image is not there or is no longer what its name says. */
  readonly unreadable: number;
}

/** Opens the store of a stopped hub and counts what the tables hold of a device, and of what people decided. */
export async function hubAccount(dataDir: string, device: string): Promise<HubAccount> {
  const store = await openHubStore({ dataDir, appliers: {} });
  try {
    await store.idle();
    const query = async <Row>(sql: string) => (await store.db.query<Row>(sql, [device])).rows;
    const records = await query<{ lane: string; seq: number }>("select lane, seq from records where device = $1");
    const gaps = await query<{ lane: string; from: number; to: number }>(
      `select gap_lane as lane, from_seq as "from", to_seq as "to" from gaps where device = $1`,
    );
    const [counts] = await query<{ twice: number; bare: number; quarantined: number }>(
      `select
        (select coalesce(sum(n - 1), 0) from (select count(*) n from samples where device = $1 group by epoch, frame)
          per_frame)::int as twice,
        (select count(*) from records r where r.device = $1 and r.lane in ('audit', 'samples') and 1 <> (select count(*)
          from samples s where (s.device, s.epoch, s.lane, s.seq) = (r.device, r.epoch, r.lane, r.seq)))::int as bare,
        (select count(*) from quarantine where device = $1)::int as quarantined`,
    );
    const imports = await store.db.query<{ track: string; samples: number; labels: number }>(
      `select s.track, count(distinct s.id)::int as samples, count(l.id)::int as labels from samples s
       left join labels l on l.sample = s.id where s.source = 'import' group by s.track`,
    );
    const blobs = await query<{ blob: string }>(
      "select distinct blob from samples where device = $1 or source = 'import'",
    );
    let unreadable = 0;
    for (const { blob } of blobs) await store.blobs.get(blob).catch(() => (unreadable += 1));
    const decided = imports.rows.map(({ track, samples, labels }) => `held import ${track} ${samples}-${labels}`);
    return {
      lines: [
        ...records.map(({ lane, seq }) => `held ${lane} ${seq} stored`),
        ...gaps.map(({ lane, from, to }) => `gone ${lane} ${from} ${to}`),
        ...decided,
      ],
      records: records.length,
      gaps: gaps.length,
      duplicated: counts!.twice + counts!.bare,
      quarantined: counts!.quarantined,
      unreadable,
    };
  } finally {
    await store.close();
  }
}

/** `ack LANE SEQ stored` for every record up to the last stored one of each lane, for a ledger. */
export function storedLines(lastSeq: Readonly<Record<string, number>>): string[] {
  return lanes.flatMap((lane) =>
    Array.from({ length: lastSeq[lane] ?? 0 }, (_, index) => `ack ${lane} ${index + 1} stored`),
  );
}
