import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type DesiredState,
  digestOf,
  encodeMessage,
  type KeyPair,
  type ReleaseManifest,
  type Signed,
  signDesiredState,
  signedFiles,
  signRelease,
} from "@fieldloop/devices";
import { startInlineEngine } from "../engine/inline-engine.ts";
import { noise, tinyBackbone, tinyHead } from "../engine/tiny-onnx.ts";
import { EdgeRuntimeError } from "../errors.ts";
import type { ReleaseFetcher } from "./fetcher.ts";
import { softmax } from "./golden-check.ts";

/** A whole signed release of a few kilobytes, for tests. */
export interface TinyRelease {
  readonly digest: string;
  readonly manifest: ReleaseManifest;
  readonly signed: Signed;
  readonly blobs: ReadonlyMap<string, Uint8Array>;
}

const tinySide = 2;
const embeddingSize = 4;
const heads = { sign: ["stop", "yield", "limit"], category: ["danger", "other"] } as const;

/**
 * Makes a release with real graphs, golden samples and signature; another seed gives another model.
 * change: edits the manifest before it is signed · blobs: replaces graphs by name · wrongGolden: expects other answers
 */
export async function makeTinyRelease(
  keys: KeyPair,
  options: {
    readonly seed?: number;
    readonly change?: (manifest: ReleaseManifest) => ReleaseManifest;
    readonly graphs?: Readonly<Record<string, Uint8Array>>;
    /** A backbone of other size than the tiny one: its input side, its bytes, and the length of its embedding. */
    readonly backbone?: { readonly side: number; readonly bytes: Uint8Array; readonly size: number };
    readonly wrongGolden?: boolean;
    /** Graphs by name for more targets than "fp32". */
    readonly alsoFor?: Readonly<Record<string, Readonly<Record<string, Uint8Array>>>>;
  } = {},
): Promise<TinyRelease> {
  const { seed = 1, change = (manifest) => manifest } = options;
  const side = options.backbone?.side ?? tinySide;
  const size = options.backbone?.size ?? embeddingSize;
  const honest: Record<string, Uint8Array> = {
    backbone: options.backbone?.bytes ?? tinyBackbone({ seed }),
    sign: tinyHead("sign", { size, classes: heads.sign.length, seed: seed + 1000 }),
    category: tinyHead("category", { size, classes: heads.category.length, seed: seed + 2000 }),
  };
  const golden = await goldenBytes(honest, side, options.wrongGolden === true);
  const graphs = { ...honest, ...options.graphs };
  const targets = { fp32: graphs, ...options.alsoFor };
  const files = [...Object.values(targets).flatMap((files) => Object.values(files)), golden];
  const blobs = new Map(files.map((bytes) => [digestOf(bytes), bytes]));
  const manifest = change(manifestOf(targets, golden, side));
  const signed = signRelease(manifest, keys.privateKey);
  return { digest: digestOf(signed.payload), manifest, signed, blobs };
}

/** Signs what one device shall run; `plant/reader-1` unless said otherwise. */
export function desire(keys: KeyPair, release: string, number: number, change: Partial<DesiredState> = {}): Signed {
  const state = {
    v: 1,
    fleet: "plant",
    device: "reader-1",
    number,
    release,
    issuedAt: 1_700_000_000_000,
    ...change,
  } as const;
  return signDesiredState(state, keys.privateKey);
}

/** Gives releases from memory; alter: what a blob's bytes become on the way. */
export function memoryFetcher(
  releases: readonly TinyRelease[],
  alter: (bytes: Uint8Array, digest: string) => Uint8Array = (bytes) => bytes,
): ReleaseFetcher {
  return {
    async manifest(digest) {
      const found = releases.find((release) => release.digest === digest);
      if (found === undefined)
        throw new EdgeRuntimeError("fetch-refused", `Expected release ${digest} in memory, found none.`);
      return found.signed;
    },
    async blob({ digest }, offset) {
      const bytes = releases.map((release) => release.blobs.get(digest)).find((found) => found !== undefined);
      if (bytes === undefined)
        throw new EdgeRuntimeError("fetch-refused", `Expected blob ${digest} in memory, found none.`);
      const altered = alter(bytes, digest);
      return {
        offset,
        chunks: (async function* () {
          for (let at = offset; at < altered.length; at += 100) yield altered.subarray(at, at + 100);
        })(),
      };
    },
  };
}

/** Writes a release and a desired state as a bundle's folder. */
export async function writeBundle(dir: string, release: TinyRelease, desired: Signed): Promise<void> {
  await mkdir(join(dir, "blobs"), { recursive: true });
  for (const [name, document] of [
    ["manifest", release.signed],
    ["desired", desired],
  ] as const) {
    for (const [file, bytes] of signedFiles(name, document)) await writeFile(join(dir, file), bytes);
  }
  for (const [digest, bytes] of release.blobs) await writeFile(join(dir, "blobs", digest.slice(7)), bytes);
}

/** A speckled image, of the tiny releases' size unless said otherwise. */
export function tinyImage(seed: number, side = tinySide): Uint8Array {
  return Uint8Array.from(noise(side * side * 3, seed, 127), (value) => value + 128);
}

async function goldenBytes(graphs: Record<string, Uint8Array>, side: number, isWrong: boolean): Promise<Uint8Array> {
  const engine = await startInlineEngine();
  const model = await engine.load(Object.entries(graphs).map(([name, bytes]) => ({ name, bytes })));
  const samples = [];
  for (let seed = 1; seed <= 4; seed += 1) {
    const pixels = tinyImage(seed, side);
    const { outputs } = await model.run({ image: { dtype: "uint8", shape: [1, side, side, 3], data: pixels } });
    const expected = Object.fromEntries(
      Object.keys(heads).map((head) => {
        const probabilities = softmax(outputs[head]?.data as Float32Array);
        const top = probabilities.indexOf(Math.max(...probabilities));
        return [head, { index: isWrong ? (top + 1) % probabilities.length : top, probabilities }];
      }),
    );
    samples.push({ pixels, clear: true, expected });
  }
  await engine.close();
  return encodeMessage("golden", { v: 1, width: side, height: side, samples });
}

function manifestOf(
  targets: Readonly<Record<string, Readonly<Record<string, Uint8Array>>>>,
  golden: Uint8Array,
  side: number,
): ReleaseManifest {
  const blob = (bytes: Uint8Array | undefined) => ({
    digest: digestOf(bytes as Uint8Array),
    bytes: (bytes as Uint8Array).length,
  });
  const variants = (name: string) =>
    Object.fromEntries(Object.entries(targets).map(([target, graphs]) => [target, blob(graphs[name])]));
  const joint = digestOf(new Uint8Array([4]));
  return {
    v: 1,
    kind: "release",
    fleet: "plant",
    model: "road-signs",
    version: digestOf(targets.fp32?.backbone as Uint8Array),
    createdAt: 1_700_000_000_000,
    pipeline: [
      { kind: "decode" },
      { kind: "preprocess", spec: { operator: "resize-rgb", version: 1, width: side, height: side } },
      { kind: "backbone", component: "backbone" },
      { kind: "heads", components: ["sign", "category"] },
      { kind: "sample" },
      { kind: "sink" },
    ],
    components: [
      { name: "backbone", role: "backbone", interface: joint, variants: variants("backbone") },
      ...(["sign", "category"] as const).map((name) => ({
        name,
        role: "head" as const,
        interface: joint,
        classes: [...heads[name]],
        variants: variants(name),
      })),
    ],
    profiles: { "x86-64": { target: "fp32" } },
    fitCards: [],
    golden: { blob: blob(golden), samples: 4, tolerance: 0.02 },
    policy: {
      predictions: "all",
      sketchWindowMs: 5_000,
      audit: { rate: 0.05, key: "00".repeat(16) },
      scorers: [],
    },
  };
}
