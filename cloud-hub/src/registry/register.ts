import { join } from "node:path";
import { proportion, proportionUnits } from "@fieldloop/compiler/statistics";
import { digestOf, type Figure } from "@fieldloop/devices";
import type { Snapshot, SnapshotMember } from "../dataset/snapshot.ts";
import { referencesOf } from "../drift/version-reference.ts";
import { topOf } from "../evaluation/answer.ts";
import type { BenchModel } from "../evaluation/model-bench.ts";
import { samplePixels } from "../evaluation/sample-pixels.ts";
import type { Hub } from "../hub-parts.ts";
import type { Run } from "../jobs/run.ts";
import { proveModel, readTrainedModel, type TrainedModel } from "./trained-model.ts";
import { auditedFieldSamples, validationHalves } from "./validation-halves.ts";
import { type Version, type VersionComponent, versionId } from "./version.ts";

/**
 * Makes a version of what a training left behind: proven to run, judged by the hub itself on old validation tracks, with
 * the drift reference that its windows will be compared with. Equal results are one version.
 * @throws {HubError} `bad-model`
 */
export async function registerVersion(hub: Hub, run: Run, snapshot: Snapshot, jobDir: string): Promise<string> {
  const model = await readTrainedModel(join(jobDir, "model"));
  const components = await storeComponents(hub, model);
  const { model: name, base } = run;
  const id = versionId({ model: name, base, preprocess: model.preprocess, components, snapshotHash: snapshot.hash });
  const runnable = await proveModel(hub.bench, model, id);
  const halves = await validationHalves(hub, snapshot.manifest);
  const metrics = {
    validation: await judge(hub, runnable, model, halves.judged),
    driftReference: await storeReference(hub, runnable, model, snapshot, halves.calibration),
  };
  const version: Omit<Version, "variants"> = {
    id,
    model: name,
    run: run.id,
    snapshot: snapshot.id,
    base,
    createdAt: hub.clock(),
    preprocess: model.preprocess,
    components,
    metrics,
  };
  await hub.decide("version", `version ${id}`, version);
  return id;
}

function storeComponents(hub: Hub, model: TrainedModel): Promise<VersionComponent[]> {
  return Promise.all(
    model.components.map(async ({ name, role, bytes }) => {
      const classes = model.heads.find((head) => head.name === name)?.classes;
      await hub.putBlob(bytes);
      return {
        name,
        role,
        interface: model.interface,
        ...(classes === undefined || role === "backbone" ? {} : { classes: [...classes] }),
        canonical: { digest: digestOf(bytes), bytes: bytes.length },
      };
    }),
  );
}

async function judge(
  hub: Hub,
  runnable: BenchModel,
  model: TrainedModel,
  members: readonly SnapshotMember[],
): Promise<Record<string, Figure>> {
  const images = await samplePixels(hub, members, model.preprocess);
  const answers = await hub.bench.answer(runnable, images);
  const figures: Record<string, Figure> = {};
  for (const { name, classes } of model.heads) {
    const rows = members.flatMap(({ unit, labels }, index) => {
      const label = labels[name];
      if (label === undefined) return [];
      return [{ unit, success: classes[topOf(answers[index]!.heads[name]!).index] === label }];
    });
    if (rows.length > 0) figures[name] = proportion(proportionUnits(rows));
  }
  return figures;
}

async function storeReference(
  hub: Hub,
  runnable: BenchModel,
  { preprocess }: TrainedModel,
  snapshot: Snapshot,
  old: readonly SnapshotMember[],
): Promise<string | null> {
  const field = (snapshot.counts.field ?? 0) > 0 ? await auditedFieldSamples(hub) : [];
  const references = await referencesOf(hub, { ...runnable, preprocess }, { old, field });
  if (references.length === 0) return null;
  return hub.putBlob(Buffer.from(JSON.stringify(references)));
}
