import Type, { type Static } from "typebox";
import type { Hub } from "../hub-parts.ts";
import type { Person } from "../people/role.ts";
import { ClaimBook, claimMs } from "./claims.ts";
import { readQueue } from "./queue.ts";
import { type QueueItem, QueueItemSchema, type QueuePage, QueueRequestSchema } from "./queue-page.ts";

const KeysSchema = Type.Array(Type.String({ maxLength: 400 }), { maxItems: 500 });

/** What to work on. limit: questions wanted, 20 unless given · exclude: keys that the caller has or has done already */
export const ClaimRequestSchema = Type.Object({
  ...QueueRequestSchema.properties,
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
  exclude: Type.Optional(KeysSchema),
});
export type ClaimRequest = Static<typeof ClaimRequestSchema>;

/** Questions that are the caller's alone until `until`, unless renewed. candidates: how many there were to choose from */
export const ClaimedSchema = Type.Object({
  items: Type.Array(QueueItemSchema),
  candidates: Type.Integer(),
  until: Type.Integer(),
});
export type Claimed = Static<typeof ClaimedSchema>;

/** Claims to keep. */
export const RenewRequestSchema = Type.Object({ keys: KeysSchema });
/** lost: what somebody else took after the claim ended */
export const RenewedSchema = Type.Object({
  until: Type.Integer(),
  lost: Type.Array(Type.Object({ key: Type.String(), by: Type.String() })),
});
export type Renewed = Static<typeof RenewedSchema>;

/** Claims to give back. skip: they are not offered to the caller again for half a day */
export const ReleaseRequestSchema = Type.Object({ keys: KeysSchema, skip: Type.Optional(Type.Boolean()) });

/** Who claims. id: tells two browsers of one person apart */
export type Claimant = { readonly id: string; readonly person: Person };

type Ranked = { readonly page: QueuePage; readonly madeAt: number };

const rankedForMs = 30_000;
const rankedAtOnce = 120;
const rankedAtMost = 10_000;
const defaultLimit = 20;

/** A queue that several people work on at once. */
export class ClaimQueue {
  readonly #hub: Hub;
  readonly #book = new ClaimBook();
  readonly #ranked = new Map<string, Promise<Ranked>>();

  constructor(hub: Hub) {
    this.#hub = hub;
  }

  /** The questions most worth an answer that nobody else holds; they are the claimant's then. */
  async claim(request: ClaimRequest, claimant: Claimant): Promise<Claimed> {
    const { limit = defaultLimit, exclude = [], ...queue } = request;
    this.#book.tidy(this.#hub.clock());
    const left = new Set(exclude);
    let ranked = await this.#rank(queue);
    let items = await this.#take(ranked.page.items, left, limit, claimant);
    const wasCut = ranked.page.candidates > ranked.page.items.length;
    if (items.length < limit && (wasCut || this.#hub.clock() - ranked.madeAt > 1000)) {
      // What others hold and what this one has done may well be what is most worth an answer.
      ranked = await this.#rank(queue, rankedAtOnce + left.size + this.#book.size);
      for (const { key } of items) left.add(key);
      items = [...items, ...(await this.#take(ranked.page.items, left, limit - items.length, claimant))];
    }
    return { items, candidates: ranked.page.candidates, until: this.#hub.clock() + claimMs };
  }

  renew(keys: readonly string[], { id, person }: Claimant): Renewed {
    const now = this.#hub.clock();
    const lost = keys.flatMap((key) => {
      const taken = this.#book.renew(key, id, person.name, now);
      return taken === undefined ? [] : [{ key, by: taken.by }];
    });
    return { until: now + claimMs, lost };
  }

  release(keys: readonly string[], skip: boolean, { id }: Claimant): void {
    for (const key of keys) this.#book.release(key, id, skip, this.#hub.clock());
  }

  /** The queue's order, made for several claims at once: choosing broadly takes its time. anew: how many, made afresh */
  #rank(request: Omit<ClaimRequest, "limit" | "exclude">, anew?: number): Promise<Ranked> {
    const key = JSON.stringify(request);
    const known = anew === undefined ? this.#ranked.get(key) : undefined;
    const fresh = () => {
      if (this.#ranked.size > 50) this.#ranked.clear();
      const making = readQueue(this.#hub, { ...request, limit: Math.min(anew ?? rankedAtOnce, rankedAtMost) }).then(
        (page) => ({
          page,
          madeAt: this.#hub.clock(),
        }),
      );
      making.catch(() => this.#ranked.delete(key));
      this.#ranked.set(key, making);
      return making;
    };
    if (known === undefined) return fresh();
    return known.then((ranked) => (this.#hub.clock() - ranked.madeAt > rankedForMs ? fresh() : ranked));
  }

  async #take(
    items: readonly QueueItem[],
    left: ReadonlySet<string>,
    limit: number,
    { id, person }: Claimant,
  ): Promise<QueueItem[]> {
    const answered = await this.#answered(items);
    const taken: QueueItem[] = [];
    for (const item of items) {
      if (taken.length >= limit) break;
      if (left.has(item.key) || item.samples.some((sample) => answered.has(sample))) continue;
      if (this.#book.take(item.key, id, person.name, this.#hub.clock())) taken.push(item);
    }
    return taken;
  }

  /** Samples of the order that were answered, or deleted, since it was made. */
  async #answered(items: readonly QueueItem[]): Promise<ReadonlySet<string>> {
    const rows = await this.#hub.rows<{ id: string }>(
      `select x.id from (select jsonb_array_elements_text($2::jsonb) as id) x
       left join samples s on s.fleet = $1 and s.id = x.id where s.id is null or s.is_labelled`,
      [this.#hub.fleet, JSON.stringify(items.flatMap(({ samples }) => samples))],
    );
    return new Set(rows.map(({ id }) => id));
  }
}
