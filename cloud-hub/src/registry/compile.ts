import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { targetsHere } from "@fieldloop/compiler";
import { getSnapshot, type SnapshotMember } from "../dataset/snapshot.ts";
import { HubError } from "../errors.ts";
import { samplePixels } from "../evaluation/sample-pixels.ts";
import type { Hub } from "../hub-parts.ts";
import { runProgram } from "../jobs/child-program.ts";
import type { JobHandler } from "../jobs/job-handler.ts";
import { canonicalComponents, describe } from "./bench-version.ts";
import { type CompiledTarget, readCompiled, writeCompileWork } from "./compile-folder.ts";
import { validationHalves } from "./validation-halves.ts";
import { getVersion, type Version } from "./version.ts";

/** Queues the compilation of a version for every target that can be measured on the hub's machine. */
export async function requestCompile(hub: Hub, version: string): Promise<{ job: string }> {
  await getVersion(hub, version);
  const job = `j_${randomUUID().replaceAll("-", "").slice(0, 20)}`;
  await hub.decide("job", `job ${job}`, { id: job, kind: "compile", payload: { version }, createdAt: hub.clock() });
  hub.wakeWorker();
  return { job };
}

/**
 * Compiles a version in a process of its own. Ranges are set on the calibration half of its old validation tracks;
 * accuracy and agreement are measured on the other half.
 */
export const compileJob: JobHandler = async (hub, job, { signal, onProgress }) => {
  const version = await getVersion(hub, String(job.payload.version));
  const folder = join(hub.dataDir, "jobs", job.id);
  await rm(folder, { recursive: true, force: true });
  await writeCompileWork(folder, await workOf(hub, version));
  const end = await runProgram({
    program: new URL("./compile-child.ts", import.meta.url),
    args: [folder],
    signal,
    onMessage: (message) => onProgress((message as { progress: number }).progress), // our own child's only message
  });
  if (end.exitCode !== 0)
    throw new HubError(
      "job-failed",
      `Compiling ${version.id} failed: ${lastLine(end.stderr) || `exit ${end.exitCode}`}`,
    );
  const compiled = await readCompiled(folder);
  await hub.decide("variants", `variants ${version.id} ${job.id}`, {
    version: version.id,
    variants: await stored(hub, compiled),
    job: job.id,
    createdAt: hub.clock(),
  });
  await rm(folder, { recursive: true, force: true });
  return { targets: compiled.map(({ target }) => target) };
};

async function workOf(hub: Hub, version: Version) {
  const { manifest } = await getSnapshot(hub, version.snapshot);
  const { calibration, judged } = await validationHalves(hub, manifest);
  if (judged.length === 0 || calibration.length === 0) {
    throw new HubError(
      "job-failed",
      'Expected old validation samples to calibrate and judge on, found too few; import more with split "val".',
    );
  }
  const { preprocess, heads, classes } = describe(version);
  const head = heads[0] ?? "";
  const labelOf = (member: SnapshotMember) => {
    const index = classes[head]?.indexOf(member.labels[head] ?? "") ?? -1;
    return index === -1 ? undefined : index;
  };
  return {
    components: await canonicalComponents(hub, version.components),
    targets: targetsHere("onnxruntime").map(({ name }) => name),
    head,
    calibration: await samplePixels(hub, calibration, preprocess),
    judged: (await samplePixels(hub, judged, preprocess)).map((image, index) => {
      const member = judged[index]!;
      return { image, unit: member.unit, label: labelOf(member) };
    }),
  };
}

function stored(hub: Hub, compiled: readonly CompiledTarget[]) {
  return Promise.all(
    compiled.map(async ({ target, components, fitCard }) => ({
      target,
      fitCard,
      components: Object.fromEntries(
        await Promise.all(
          Object.entries(components).map(
            async ([name, { bytes }]) => [name, { digest: await hub.putBlob(bytes), bytes: bytes.length }] as const,
          ),
        ),
      ),
    })),
  );
}

/** The last line of what a program wrote, which names its error. */
export const lastLine = (text: string): string =>
  text
    .split("\n")
    .findLast((line) => /error/i.test(line) && !line.trim().startsWith("at "))
    ?.trim() ?? "";
