import type { Component, PreprocessSpec, ReleaseManifest, Rule, SamplingPolicy } from "@fieldloop/devices";
import { EdgeRuntimeError } from "../errors.ts";

/** A head of a plan: its output tensor's name and its classes in index order. */
export interface PlannedHead {
  readonly name: string;
  readonly classes: readonly string[];
}

/**
 * A release's pipeline, compiled once: what every frame does, in order, with nothing left to look up.
 * samples, reports: whether the pipeline has the steps `sample` and `sink`
 */
export interface Plan {
  readonly release: string;
  readonly preprocess: PreprocessSpec;
  readonly backbone: string;
  readonly heads: readonly PlannedHead[];
  readonly rules: readonly Rule[];
  readonly policy: SamplingPolicy;
  readonly samples: boolean;
  readonly reports: boolean;
}

const order = ["decode", "preprocess", "backbone", "heads", "rule", "sample", "sink"] as const;
type StepKind = (typeof order)[number];
const required: readonly StepKind[] = ["decode", "preprocess", "backbone", "heads"];

/**
 * Compiles a manifest's steps; steps stand in the order decode → preprocess → backbone → heads → rules → sample → sink,
 * each once but for rules.
 * release: the manifest's digest
 * @throws {EdgeRuntimeError} `bad-pipeline`
 */
export function compilePlan(release: string, manifest: ReleaseManifest): Plan {
  requireOrder(manifest.pipeline.map((step) => step.kind));
  const preprocess = stepOf(manifest, "preprocess").spec;
  const backbone = componentNamed(manifest, stepOf(manifest, "backbone").component, "backbone");
  const heads = stepOf(manifest, "heads").components.map((name) => plannedHead(manifest, name, backbone));
  const rules = manifest.pipeline.flatMap((step) => (step.kind === "rule" ? [step.rule] : []));
  for (const { name, head } of [...rules, ...manifest.policy.scorers.map(({ kind, head }) => ({ name: kind, head }))]) {
    if (!heads.some((planned) => planned.name === head))
      throw refuse(`"${name}" reads head "${head}", which no step runs; name one of the heads`);
  }
  return {
    release,
    preprocess,
    backbone: backbone.name,
    heads,
    rules,
    policy: manifest.policy,
    samples: manifest.pipeline.some((step) => step.kind === "sample"),
    reports: manifest.pipeline.some((step) => step.kind === "sink"),
  };
}

function requireOrder(kinds: readonly StepKind[]): void {
  for (const kind of required)
    if (!kinds.includes(kind)) throw refuse(`step "${kind}" is missing; every pipeline needs it`);
  for (let index = 1; index < kinds.length; index += 1) {
    const [before, kind] = [kinds[index - 1] as StepKind, kinds[index] as StepKind];
    const distance = order.indexOf(kind) - order.indexOf(before);
    if (distance < 0 || (distance === 0 && kind !== "rule"))
      throw refuse(`step "${kind}" comes after "${before}"; order the steps ${order.join(", ")}`);
  }
}

function stepOf<Kind extends StepKind>(manifest: ReleaseManifest, kind: Kind) {
  type Found = Extract<ReleaseManifest["pipeline"][number], { kind: Kind }>;
  return manifest.pipeline.find((step): step is Found => step.kind === kind) as Found; // requireOrder found it
}

function componentNamed(manifest: ReleaseManifest, name: string, role: Component["role"]): Component {
  const found = manifest.components.find((component) => component.name === name && component.role === role);
  if (found === undefined) throw refuse(`step names the ${role} "${name}", which is not among its components`);
  return found;
}

function plannedHead(manifest: ReleaseManifest, name: string, backbone: Component): PlannedHead {
  const head = componentNamed(manifest, name, "head");
  if (head.interface !== backbone.interface)
    throw refuse(`head "${name}" needs interface ${head.interface}, but the backbone offers ${backbone.interface}`);
  if (head.classes === undefined) throw refuse(`head "${name}" names no classes`);
  return { name, classes: head.classes };
}

function refuse(what: string): EdgeRuntimeError {
  return new EdgeRuntimeError("bad-pipeline", `Cannot run this release's pipeline: ${what}.`);
}
