import { compileVersion } from "@fieldloop/compiler";
import type { PreprocessSpec } from "@fieldloop/devices";
import type { BenchModel } from "../evaluation/model-bench.ts";
import type { Hub } from "../hub-parts.ts";
import { getVersion, type Version } from "./version.ts";

/** A version as the hub runs it itself: fp32 with preprocessing baked in, and what its outputs mean. */
export type BenchVersion = BenchModel & {
  readonly version: Version;
  readonly preprocess: PreprocessSpec;
  readonly classes: Readonly<Record<string, readonly string[]>>;
};

/** The target that evaluations run: the reference for every other one. */
export const referenceTarget = "ort-cpu-fp32";

/** Makes a version ready for the bench; its fp32 variant is compiled on the spot where none was stored yet. */
export async function loadBenchModel(hub: Hub, id: string): Promise<BenchVersion> {
  const version = await getVersion(hub, id);
  const stored = version.variants.find(({ target }) => target === referenceTarget);
  const graphs =
    stored === undefined
      ? await compileReference(await canonicalComponents(hub, version.components))
      : await Promise.all(
          version.components.map(async ({ name }) => ({
            name,
            bytes: await hub.readBlob(stored.components[name]!.digest),
          })),
        );
  return { version, ...describe(version), key: id, graphs };
}

/** The canonical ONNX of components, read from their blobs. */
export function canonicalComponents(hub: Pick<Hub, "readBlob">, components: Version["components"]) {
  return Promise.all(
    components.map(async ({ name, role, canonical }) => ({ name, role, bytes: await hub.readBlob(canonical.digest) })),
  );
}

/** The fp32 graphs of canonical components, backbone first. */
export async function compileReference(components: Parameters<typeof compileVersion>[0]["components"]) {
  const { variants } = await compileVersion({ components, targets: [referenceTarget] });
  return variants.map(({ component, bytes }) => ({ name: component, bytes }));
}

/** What a version's outputs mean, by head. */
export function describe({ preprocess, components }: Pick<Version, "preprocess" | "components">) {
  const heads = components.filter(({ role }) => role === "head");
  return {
    preprocess,
    heads: heads.map(({ name }) => name),
    classes: Object.fromEntries(heads.map(({ name, classes }) => [name, classes ?? []])),
  };
}
