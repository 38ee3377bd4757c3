import { createHash } from "node:crypto";
import { decodeCbor } from "@fieldloop/devices";
import { imageEncoding } from "@fieldloop/edge-runtime/operators";
import Type, { type Static } from "typebox";
import { Compile } from "typebox/compile";
import { HubError } from "../errors.ts";
import type { Hub } from "../hub-parts.ts";

/** The most items of one import message. */
export const importAtMost = 1000;
/** Blobs are synced one by one; so many at once keep the disk busy. */
const storedAtOnce = 16;

const ItemSchema = Type.Object({
  key: Type.String({ minLength: 1, maxLength: 512 }),
  image: Type.Unsafe<Uint8Array>({}),
  labels: Type.Record(Type.String({ maxLength: 64 }), Type.String({ minLength: 1, maxLength: 200 })),
  track: Type.Optional(Type.String({ maxLength: 256 })),
  split: Type.Enum(["train", "val", "test"]),
  at: Type.Optional(Type.Integer({ minimum: 0 })),
  context: Type.Optional(
    Type.Record(
      Type.String({ maxLength: 64 }),
      Type.Union([Type.String({ maxLength: 256 }), Type.Number(), Type.Boolean()]),
    ),
  ),
});

/** One labelled image of a data set that people made before; `key` names it for good, so that a repeat is skipped. */
export type ImportItem = Static<typeof ItemSchema>;

const MessageSchema = Type.Object({ items: Type.Array(ItemSchema, { minItems: 1, maxItems: importAtMost }) });
const validator = Compile(MessageSchema);

/** How many items are new, and how many the hub had. */
export const ImportAnswerSchema = Type.Object({ imported: Type.Integer(), skipped: Type.Integer() });
export type ImportAnswer = Static<typeof ImportAnswerSchema>;

/** One imported sample as the decision carries it: its image is a blob by then. */
export type ImportedSample = {
  readonly id: string;
  readonly at: number;
  readonly blob: string;
  readonly width: number;
  readonly height: number;
  readonly encoding: string;
  readonly track: string | null;
  readonly split: string;
  readonly context: Readonly<Record<string, string | number | boolean>>;
  readonly labels: Readonly<Record<string, string>>;
};

/**
 * Takes a CBOR message `{items}` of labelled images; each image is decoded in the bounded child before it is stored.
 * @throws {HubError} `bad-request`, `bad-image`; nothing of the message is stored then
 */
export async function importSamples(hub: Hub, body: Uint8Array): Promise<ImportAnswer> {
  const items = parseMessage(body);
  const ids = items.map((item) => importedId(hub.fleet, item.key));
  const known = await knownIds(hub, ids);
  const fresh: { readonly id: string; readonly item: ImportItem }[] = [];
  for (const [index, item] of items.entries()) {
    const id = ids[index]!;
    if (!known.has(id)) fresh.push({ id, item });
    known.add(id);
  }
  const samples: ImportedSample[] = [];
  for (let start = 0; start < fresh.length; start += storedAtOnce) {
    const batch = fresh.slice(start, start + storedAtOnce);
    samples.push(...(await Promise.all(batch.map(({ id, item }) => store(hub, id, item)))));
  }
  if (samples.length > 0) {
    const digest = createHash("sha256")
      .update(samples.map((sample) => sample.id).join(" "))
      .digest("hex");
    await hub.decide("import", `import ${digest}`, { samples, importedAt: hub.clock() });
  }
  return { imported: samples.length, skipped: items.length - samples.length };
}

function parseMessage(body: Uint8Array): readonly ImportItem[] {
  let value: unknown;
  try {
    value = decodeCbor(body);
  } catch (cause) {
    throw new HubError(
      "bad-request",
      `Expected a CBOR message {items: […]}, got ${body.byteLength} bytes that do not decode; it was cut.`,
      { cause },
    );
  }
  if (validator.Check(value)) {
    for (const item of value.items) requireBytes(item);
    return value.items;
  }
  const first = validator.Errors(value)[0];
  throw new HubError(
    "bad-request",
    `Expected {items: [{key, image, labels, split, track?, at?, context?}]} with 1 to ${importAtMost} items; at "${first?.instancePath ?? "/"}" it ${first?.message ?? "differs"}.`,
  );
}

function requireBytes(item: ImportItem): void {
  if (item.image instanceof Uint8Array) return;
  throw new HubError("bad-request", `Expected image bytes for ${JSON.stringify(item.key)}, got ${typeof item.image}.`);
}

/** The id of an imported sample: `s_` and 20 hex digits of a hash over fleet and key. */
export function importedId(fleet: string, key: string): string {
  return `s_${createHash("sha256").update(`import|${fleet}|${key}`).digest("hex").slice(0, 20)}`;
}

async function knownIds(hub: Hub, ids: readonly string[]): Promise<Set<string>> {
  const rows = await hub.rows<{ id: string }>(
    "select id from samples where fleet = $1 and id in (select jsonb_array_elements_text($2::jsonb))",
    [hub.fleet, JSON.stringify(ids)],
  );
  return new Set(rows.map((row) => row.id));
}

async function store(hub: Hub, id: string, item: ImportItem): Promise<ImportedSample> {
  const encoding = imageEncoding(item.image);
  const { width, height } = await sizeOf(hub, item);
  return {
    id,
    at: item.at ?? hub.clock(),
    blob: await hub.putBlob(item.image),
    width,
    height,
    encoding: encoding ?? "png",
    track: item.track ?? null,
    split: item.split,
    context: item.context ?? {},
    labels: item.labels,
  };
}

async function sizeOf(hub: Hub, item: ImportItem): Promise<{ width: number; height: number }> {
  try {
    return await hub.bench.decode(item.image);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new HubError("bad-image", `Cannot import ${JSON.stringify(item.key)}: ${why}`, { cause });
  }
}
