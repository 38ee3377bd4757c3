import { createHash } from "node:crypto";
import { type HubStore, openHubStore } from "@fieldloop/cloud-hub/store";
import { seededRandom } from "@fieldloop/compiler/statistics";
import { encodePng } from "@fieldloop/edge-runtime/operators";

/** A sample with its embedding, of length one. */
export type EmbeddedSample = { readonly id: string; readonly unit: Float32Array };

/** What the bench asks about. large, small: the samples of the two embedding spaces · cursors: places in the list */
export type GalleryFacts = {
  readonly classes: readonly string[];
  readonly releases: readonly string[];
  readonly large: readonly EmbeddedSample[];
  readonly small: readonly EmbeddedSample[];
  readonly cursors: readonly string[];
  readonly middle: number;
};

const fleet = "main";
const classCount = 12;
const embeddingSize = 64;
const days = 30;
const imageCount = 200;
const end = Date.UTC(2026, 9, 1);
const largeShare = 0.85;

const digest = (text: string): string => `sha256:${createHash("sha256").update(text).digest("hex")}`;

type Row = {
  readonly id: string;
  readonly at: number;
  readonly device: string;
  readonly release: string;
  readonly space: string;
  readonly blob: string;
  readonly class: string;
  readonly confidence: number;
  readonly margin: number;
  readonly audit: boolean;
  readonly reason: string;
  readonly track: string;
  readonly unit: Float32Array;
  readonly label:
    | { readonly class: string; readonly author: string; readonly state: "answered" | "unsure" }
    | undefined;
};

/** Fills a data folder with generated samples, labels and counts through COPY; the same seed gives the same rows. */
export async function fillGallery(dataDir: string, count: number): Promise<GalleryFacts> {
  const store = await openHubStore({ dataDir, appliers: {} });
  try {
    const random = seededRandom("gallery");
    const classes = Array.from({ length: classCount }, (_, index) => `class-${index}`);
    const releases = [digest("release one"), digest("release two")];
    const blobs = await storeImages(store, random);
    const rows = makeRows(count, { classes, releases, blobs, random });
    for (let start = 0; start < rows.length; start += 5000) await copyRows(store, rows.slice(start, start + 5000));
    await store.db.query(rollupSql, [fleet]);
    await store.db.query(totalsSql, [fleet]);
    for (const table of ["samples", "labels", "sample_labels", "sample_rollups", "sample_totals"]) {
      await store.db.query(`vacuum (analyze) ${table}`);
    }
    return factsOf(rows, classes, releases);
  } finally {
    await store.close();
  }
}

async function storeImages(store: HubStore, random: () => number): Promise<string[]> {
  const blobs: string[] = [];
  for (let image = 0; image < imageCount; image += 1) {
    const data = Uint8Array.from({ length: 32 * 32 * 3 }, () => Math.floor(random() * 256));
    blobs.push(await store.blobs.put(await encodePng({ data, width: 32, height: 32 })));
  }
  return blobs;
}

type World = {
  readonly classes: readonly string[];
  readonly releases: readonly string[];
  readonly blobs: readonly string[];
  readonly random: () => number;
};

function makeRows(count: number, { classes, releases, blobs, random }: World): Row[] {
  // Several looks per class, so that neighbours are neither all alike nor all apart.
  const looks = Array.from({ length: classCount * 20 }, () => vector(random));
  const rows: Row[] = [];
  for (let index = 0; index < count; index += 1) {
    const isLarge = random() < largeShare;
    const look = Math.floor(random() * looks.length);
    const name = classes[look % classCount]!;
    const confidence = Math.min(0.999, 0.3 + 0.7 * Math.sqrt(random()));
    rows.push({
      id: `s_${createHash("sha256").update(`gallery ${index}`).digest("hex").slice(0, 20)}`,
      at: Math.floor(end - random() * days * 86_400_000),
      device: `cam-${1 + Math.floor(random() * 3)}`,
      release: releases[isLarge ? 0 : 1]!,
      space: digest(isLarge ? "space one" : "space two"),
      blob: blobs[Math.floor(random() * blobs.length)]!,
      class: name,
      confidence,
      margin: confidence / 2,
      audit: random() < 0.05,
      reason: random() < 0.001 ? "operator" : random() < 0.5 ? "uncertainty" : "audit",
      track: `track-${Math.floor(index / 10)}`,
      unit: unitOf(looks[look]!, random),
      label: labelOf(name, classes, random),
    });
  }
  return rows;
}

function labelOf(name: string, classes: readonly string[], random: () => number): Row["label"] {
  const draw = random();
  if (draw > 0.2) return undefined;
  const author = draw < 0.0002 ? "cleo" : draw < 0.1 ? "ada" : "ben";
  if (random() < 0.02) return { class: "", author, state: "unsure" };
  const answered = random() < 0.9 ? name : classes[Math.floor(random() * classes.length)]!;
  return { class: answered, author, state: "answered" };
}

const vector = (random: () => number): Float32Array =>
  Float32Array.from({ length: embeddingSize }, () => gaussian(random));

function unitOf(look: Float32Array, random: () => number): Float32Array {
  const near = look.map((value) => value + 0.7 * gaussian(random));
  const length = Math.sqrt(near.reduce((sum, value) => sum + value * value, 0));
  return near.map((value) => value / length);
}

const gaussian = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

async function copyRows(store: HubStore, rows: readonly Row[]): Promise<void> {
  await copy(store, "samples", sampleColumns, rows.map(sampleValues));
  const labelled = rows.filter((row) => row.label !== undefined);
  await copy(
    store,
    "labels",
    ["fleet", "id", "sample", "head", "class", "author", "kind", "state", "at"],
    labelled.map(labelValues),
  );
  await copy(
    store,
    "sample_labels",
    ["fleet", "label", "sample", "head", "class", "author", "kind", "state", "at"],
    labelled.map(labelValues),
  );
}

const sampleColumns = [
  "fleet",
  "id",
  "source",
  "device",
  "epoch",
  "lane",
  "seq",
  "at",
  "received_at",
  "release",
  "blob",
  "width",
  "height",
  "encoding",
  "reasons",
  "inclusion_probability",
  "audit",
  "predictions",
  "class",
  "confidence",
  "margin",
  "embedding",
  "track",
  "context",
  "space",
  "is_labelled",
];

function sampleValues(row: Row, index: number): (string | number | boolean)[] {
  const {
    id,
    at,
    device,
    release,
    blob,
    class: name,
    confidence,
    margin,
    audit,
    reason,
    track,
    unit,
    space,
    label,
  } = row;
  const answer = { sign: { index: Number(name.split("-")[1]), confidence, margin } };
  const epoch = id.slice(2, 18);
  return [
    fleet,
    id,
    "device",
    device,
    epoch,
    audit ? "audit" : "samples",
    index + 1,
    at,
    at + 500,
    release,
    blob,
    32,
    32,
    "png",
    JSON.stringify([{ kind: reason, probability: 0.05 }]),
    0.05,
    audit,
    JSON.stringify(answer),
    name,
    confidence,
    margin,
    `[${Array.from(unit, (value) => value.toPrecision(6)).join(",")}]`,
    track,
    JSON.stringify({ track }),
    space,
    label !== undefined,
  ];
}

function labelValues({ id, label, at }: Row): (string | number)[] {
  const { class: name, author, state } = label!; // only labelled rows come here
  return [fleet, `label ${id}`, id, "sign", name, author, "human", state, at + 60_000];
}

async function copy(
  store: HubStore,
  table: string,
  columns: readonly string[],
  rows: readonly (readonly (string | number | boolean)[])[],
): Promise<void> {
  if (rows.length === 0) return;
  const text = rows.map((row) => row.map((value) => String(value).replaceAll("\\", "\\\\")).join("\t")).join("\n");
  await store.db.copyIn(table, columns, Buffer.from(`${text}\n`));
}

const rollupSql = `insert into sample_rollups (fleet, level, start, source, device, release, class, decile, audit, count)
  select s.fleet, v.level, s.at - s.at % v.level, s.source, s.device, s.release, s.class, least(9, floor(s.confidence * 10)),
    s.audit, count(*)
  from samples s, (values (60000), (3600000), (86400000)) as v(level) where s.fleet = $1
  group by 1, 2, 3, 4, 5, 6, 7, 8, 9`;

const totalsSql = `insert into sample_totals (fleet, level, start, source, device, release, audit, count)
  select fleet, level, start, source, device, release, audit, sum(count) from sample_rollups where fleet = $1
  group by 1, 2, 3, 4, 5, 6, 7`;

function factsOf(rows: readonly Row[], classes: readonly string[], releases: readonly string[]): GalleryFacts {
  const embedded = (release: string | undefined) =>
    rows.filter((row) => row.release === release).map(({ id, unit }) => ({ id, unit }));
  return {
    classes,
    releases,
    large: embedded(releases[0]),
    small: embedded(releases[1]),
    cursors: rows.slice(0, 200).map(({ at, id }) => `${at}.${id}`),
    middle: end - 15 * 86_400_000,
  };
}
