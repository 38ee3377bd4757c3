import type { SqlSession } from "../storage/db.ts";

/** The length of a bucket of `device_counts`. */
export const countBucketMs = 600_000;

type Sketch = {
  readonly fleet: string;
  readonly device: string;
  readonly release: string;
  readonly windowEnd: number;
  readonly frames: number;
  readonly errors: number;
  readonly dropReasons: Readonly<Record<string, number>>;
  readonly errorReasons: Readonly<Record<string, number>>;
};
type Row = {
  readonly fleet: string;
  readonly device: string;
  readonly bucket: number;
  readonly release: string;
  readonly name: string;
  count: number;
};

/** Sums of a batch's sketches by device, release and ten minutes, so that a timeline of weeks reads few rows. */
export class DeviceCounts {
  readonly #rows = new Map<string, Row>();

  add({ fleet, device, release, windowEnd, frames, errors, dropReasons, errorReasons }: Sketch): void {
    const bucket = Math.floor((windowEnd - 1) / countBucketMs) * countBucketMs;
    const counts: [string, number][] = [
      ["frames", frames],
      ["errors", errors],
      ...Object.entries(dropReasons).map(([reason, count]): [string, number] => [`drop ${reason}`, count]),
      ...Object.entries(errorReasons).map(([reason, count]): [string, number] => [`error ${reason}`, count]),
    ];
    for (const [name, count] of counts) {
      if (count === 0) continue;
      const key = JSON.stringify([fleet, device, bucket, release, name]);
      const row = this.#rows.get(key) ?? { fleet, device, bucket, release, name, count: 0 };
      row.count += count;
      this.#rows.set(key, row);
    }
  }

  /** Adds the batch's sums to those of the table. */
  async write(session: SqlSession): Promise<void> {
    if (this.#rows.size === 0) return;
    await session.query(
      `insert into device_counts as known (fleet, device, bucket_start, release, name, count)
       select fleet, device, bucket, release, name, count from jsonb_to_recordset($1::jsonb)
         as r(fleet text, device text, bucket bigint, release text, name text, count bigint)
       on conflict (fleet, device, bucket_start, release, name) do update set count = known.count + excluded.count`,
      [JSON.stringify([...this.#rows.values()])],
    );
  }
}
