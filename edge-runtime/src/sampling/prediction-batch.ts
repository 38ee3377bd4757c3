import type { PredictionsBody, SamplingPolicy } from "@fieldloop/devices";

type Item = PredictionsBody["items"][number];

const mostItems = 512;
const mostBytes = 96 * 1024;
/** What an item and an answer take at most beside their texts, in CBOR. */
const itemBytes = 64;
const answerBytes = 64;
const mostTracks = 1024;

/**
 * Gathers predictions of one release into records of at most 512 frames; policy `changes` keeps a frame only where a
 * class or the decision differs from the one before on its track. `flush` hands over what is gathered.
 */
export class PredictionBatch {
  readonly #release: string;
  readonly #policy: SamplingPolicy["predictions"];
  readonly #onBatch: (body: PredictionsBody) => void;
  readonly #said = new Map<string, string>();
  #items: Item[] = [];
  #bytes = 0;

  constructor(release: string, policy: SamplingPolicy["predictions"], onBatch: (body: PredictionsBody) => void) {
    this.#release = release;
    this.#policy = policy;
    this.#onBatch = onBatch;
  }

  /** Adds one answered frame as the policy says. */
  add(item: Item): void {
    if (this.#policy === "none" || (this.#policy === "changes" && !this.#isChange(item))) return;
    const bytes = sizeOf(item);
    if (this.#bytes + bytes > mostBytes) this.flush();
    this.#items.push(item);
    this.#bytes += bytes;
    if (this.#items.length >= mostItems) this.flush();
  }

  /** Hands over what was gathered, if anything. */
  flush(): void {
    if (this.#items.length === 0) return;
    const items = this.#items;
    this.#items = [];
    this.#bytes = 0;
    this.#onBatch({ v: 1, release: this.#release, items });
  }

  #isChange(item: Item): boolean {
    const track = item.track ?? "";
    const classes = Object.entries(item.heads).map(([name, { index }]) => `${name}=${index}`);
    const saying = [...classes, item.decision ?? ""].join(" ");
    if (this.#said.get(track) === saying) return false;
    this.#said.delete(track);
    this.#said.set(track, saying);
    if (this.#said.size > mostTracks) this.#said.delete(this.#said.keys().next().value as string);
    return true;
  }
}

function sizeOf({ heads, track = "", decision = "" }: Item): number {
  const names = Object.keys(heads);
  const texts = names.reduce((sum, name) => sum + name.length, 0) + Buffer.byteLength(track + decision);
  return itemBytes + names.length * answerBytes + texts;
}
