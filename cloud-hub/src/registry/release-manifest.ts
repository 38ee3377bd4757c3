import { type Component, type ReleaseManifest, ReleaseManifestSchema, type Step } from "@fieldloop/devices";
import { Compile } from "typebox/compile";
import { HubError } from "../errors.ts";
import type { AuthoredRelease, NewRelease } from "./release.ts";
import type { Version } from "./version.ts";

/** The target that each profile gets, and why. */
export type ChosenTargets = Readonly<Record<string, { readonly target: string; readonly why: string }>>;

const manifestValidator = Compile(ReleaseManifestSchema);

/** Puts a version's released variants into a manifest. @throws {HubError} `bad-request` when it would not follow its schema */
export function manifestOf(
  fleet: string,
  version: Version,
  request: AuthoredRelease,
  parts: { chosen: ChosenTargets; targets: readonly string[]; golden: ReleaseManifest["golden"]; createdAt: number },
): ReleaseManifest {
  const manifest: ReleaseManifest = {
    v: 1,
    kind: "release",
    fleet,
    model: version.model,
    version: version.id,
    createdAt: parts.createdAt,
    pipeline: pipelineOf(version, request.rules ?? []),
    components: version.components.map((component) => componentOf(component, version, parts.targets)),
    profiles: Object.fromEntries(Object.entries(parts.chosen).map(([name, { target }]) => [name, { target }])),
    fitCards: version.variants.filter(({ target }) => parts.targets.includes(target)).map(({ fitCard }) => fitCard),
    golden: parts.golden,
    policy: request.policy,
    ...(request.accept === undefined ? {} : { accepted: request.accept }),
  };
  if (manifestValidator.Check(manifest)) return manifest;
  const first = manifestValidator.Errors(manifest)[0];
  throw new HubError(
    "bad-request",
    `Expected a release manifest by its schema; at "${first?.instancePath ?? "/"}" it ${first?.message ?? "differs"}.`,
  );
}

function pipelineOf(version: Version, rules: NonNullable<NewRelease["rules"]>): Step[] {
  const backbone = version.components.find(({ role }) => role === "backbone")!;
  return [
    { kind: "decode" },
    { kind: "preprocess", spec: version.preprocess },
    { kind: "backbone", component: backbone.name },
    { kind: "heads", components: version.components.filter(({ role }) => role === "head").map(({ name }) => name) },
    ...rules.map((rule) => ({ kind: "rule" as const, rule })),
    { kind: "sample" },
    { kind: "sink" },
  ];
}

function componentOf(
  component: Version["components"][number],
  version: Version,
  targets: readonly string[],
): Component {
  const { name, role, classes } = component;
  const variants = Object.fromEntries(
    version.variants
      .filter(({ target }) => targets.includes(target))
      .map((variant) => [variant.target, variant.components[name]!]),
  );
  return { name, role, interface: component.interface, variants, ...(classes === undefined ? {} : { classes }) };
}
