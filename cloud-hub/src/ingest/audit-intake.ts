import type { SampleBody, SamplingPolicy } from "@fieldloop/devices";
import { type CountedSample, countSamples } from "../rollups/sample-counts.ts";
import type { SqlSession } from "../storage/db.ts";
import { auditFate, type Halving } from "./audit-thinning.ts";
import type { ParsedArrival, ParsedRecord } from "./parsed-arrival.ts";
import type { RecordOrigin } from "./record-rows.ts";
import type { ReleaseHeadsCache } from "./release-heads.ts";

type Journal = Pick<RecordOrigin, "fleet" | "device" | "epoch">;
type Policies = ReadonlyMap<string, SamplingPolicy["audit"]>;

type Stored = CountedSample & {
  readonly id: string;
  readonly frame: number;
  readonly release: string;
  readonly probability: number;
};

/** What a sample's row says of the audit. */
export type AuditColumns = { readonly audit: boolean; readonly inclusion_probability: number };

/** Keeps what the hub holds of audit lanes true to the rates that devices halved, whichever came first. */
export class AuditIntake {
  readonly #session: SqlSession;
  readonly #releases: ReleaseHeadsCache;
  readonly #halvings = new Map<string, Halving[]>();
  readonly #halvedFrom = new Map<string, { readonly journal: Journal; readonly frame: number }>();

  private constructor(session: SqlSession, releases: ReleaseHeadsCache) {
    this.#session = session;
    this.#releases = releases;
  }

  /** Reads which halvings are known of the journals that a batch touches. */
  static async load(
    session: SqlSession,
    releases: ReleaseHeadsCache,
    arrivals: readonly ParsedArrival[],
  ): Promise<AuditIntake> {
    const intake = new AuditIntake(session, releases);
    await intake.#load(arrivals);
    return intake;
  }

  /** Takes in that a device halved its rate, or took the full one up again. */
  takeHalving(origin: RecordOrigin, { seq, content }: ParsedRecord): void {
    if (content?.kind !== "halving") return;
    const { fromFrame, rate, halvings } = content.body;
    this.#known(origin).push({ seq, fromFrame, rate, halvings });
    const frame = Math.min(fromFrame, this.#halvedFrom.get(nameOf(origin))?.frame ?? fromFrame);
    this.#halvedFrom.set(nameOf(origin), { journal: origin, frame });
  }

  /** Whether a sample of the audit lane is audited in the end, and with what probability it came to be. */
  columnsOf(origin: RecordOrigin, body: SampleBody, policies: Policies): AuditColumns {
    const chosen = { frame: body.frame, probability: body.inclusionProbability };
    if (origin.lane !== "audit") return { audit: false, inclusion_probability: chosen.probability };
    const fate = auditFate(chosen, this.#known(origin), policies.get(body.release), scopeOf(origin));
    return { audit: fate.isAudited, inclusion_probability: fate.isAudited ? fate.probability : chosen.probability };
  }

  /** Thins what was stored before the device said that it halved its rate. */
  async write(): Promise<void> {
    for (const { journal, frame } of this.#halvedFrom.values()) await this.#thin(journal, frame);
  }

  async #thin(journal: Journal, fromFrame: number): Promise<void> {
    const { fleet, device, epoch } = journal;
    const { rows } = await this.#session.query<Stored>(
      `select id, frame, source, at, device, release, class, confidence, audit, inclusion_probability as probability
       from samples
       where fleet = $1 and device = $2 and epoch = $3 and lane = 'audit' and source = 'device' and audit and frame >= $4`,
      [fleet, device, epoch, fromFrame],
    );
    const policies = await this.#releases.policies(this.#session, fleet, new Set(rows.map(({ release }) => release)));
    const thinned: Stored[] = [];
    const changed = rows.flatMap((row) => {
      const { id, frame, release, probability } = row;
      const chosen = { frame: Number(frame), probability };
      const fate = auditFate(chosen, this.#known(journal), policies.get(release), scopeOf(journal));
      if (fate.isAudited && fate.probability === probability) return [];
      if (!fate.isAudited) thinned.push(row);
      return [{ id, audit: fate.isAudited, probability: fate.isAudited ? fate.probability : probability }];
    });
    if (changed.length === 0) return;
    await this.#session.query(
      `update samples s set audit = c.audit, inclusion_probability = c.probability
       from jsonb_to_recordset($2::jsonb) as c(id text, audit boolean, probability double precision)
       where s.fleet = $1 and s.id = c.id`,
      [fleet, JSON.stringify(changed)],
    );
    await countSamples(this.#session, fleet, thinned, -1);
    await countSamples(
      this.#session,
      fleet,
      thinned.map((row) => ({ ...row, audit: false })),
      1,
    );
  }

  #known(journal: Journal): Halving[] {
    const known = this.#halvings.get(nameOf(journal)) ?? [];
    this.#halvings.set(nameOf(journal), known);
    return known;
  }

  async #load(arrivals: readonly ParsedArrival[]): Promise<void> {
    const journals = new Map<string, Journal>();
    for (const parsed of arrivals) {
      if (parsed.kind !== "records") continue;
      const isTouched = parsed.lane === "audit" || parsed.records.some(({ kind }) => kind === "halving");
      const journal = { fleet: parsed.arrival.fleet, device: parsed.arrival.device, epoch: parsed.epoch };
      if (isTouched) journals.set(nameOf(journal), journal);
    }
    if (journals.size === 0) return;
    const { rows } = await this.#session.query<Journal & { seq: number; body: Omit<Halving, "seq"> }>(
      `select e.fleet, e.device, e.epoch, e.seq, e.body
       from jsonb_to_recordset($1::jsonb) as w(fleet text, device text, epoch text)
       join device_events e using (fleet, device, epoch) where e.kind = 'halving'`,
      [JSON.stringify([...journals.values()])],
    );
    for (const { seq, body, ...journal } of rows) {
      const { fromFrame, rate, halvings } = body;
      this.#known(journal).push({ seq: Number(seq), fromFrame, rate, halvings });
    }
  }
}

const nameOf = ({ fleet, device, epoch }: Journal): string => `${fleet}/${device}/${epoch}`;
/** As devices name themselves in the hash. */
const scopeOf = ({ device, epoch }: Journal): string => `${device}|${epoch}`;
