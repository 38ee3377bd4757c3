import {
  type Component,
  canonicalBytes,
  digestOf,
  encodeMessage,
  IdentifierSchema,
  profileNamed,
  profiles,
  type ReleaseManifest,
  ReleaseManifestSchema,
  RuleSchema,
  SamplingPolicySchema,
  type Step,
  signRelease,
} from "@fieldloop/devices";
import Type, { type Static } from "typebox";
import { Compile } from "typebox/compile";
import { getSnapshot } from "../dataset/snapshot.ts";
import { HubError } from "../errors.ts";
import type { ModelAnswer } from "../evaluation/answer.ts";
import { samplePixels } from "../evaluation/sample-pixels.ts";
import type { Hub } from "../hub-parts.ts";
import { describe } from "./bench-version.ts";
import { chooseGolden, type Golden, givenGolden } from "./golden.ts";
import { BudgetSchema, chooseTarget, type TargetChoice } from "./target-choice.ts";
import { validationHalves } from "./validation-halves.ts";
import { getVersion, type Version } from "./version.ts";

/**
 * A release to make. profiles: to serve, all that get a target unless given · golden: a golden set of the caller's (CBOR,
 * base64) instead of the hub's choice, and its tolerance · accept: a person takes variants outside their budget
 */
export const NewReleaseSchema = Type.Object({
  version: Type.String({ pattern: "^sha256:[0-9a-f]{64}$" }),
  profiles: Type.Optional(Type.Array(IdentifierSchema, { minItems: 1, maxItems: 32 })),
  policy: SamplingPolicySchema,
  rules: Type.Optional(Type.Array(RuleSchema, { maxItems: 16 })),
  budget: Type.Optional(BudgetSchema),
  golden: Type.Optional(Type.String()),
  goldenTolerance: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
  accept: Type.Optional(
    Type.Object({
      by: Type.String({ minLength: 1, maxLength: 200 }),
      reason: Type.String({ minLength: 1, maxLength: 1000 }),
    }),
  ),
});
export type NewRelease = Static<typeof NewReleaseSchema>;

/** A signed release. profiles: the target that each gets, and why */
export const ReleaseSchema = Type.Object({
  digest: Type.String(),
  version: Type.String(),
  createdAt: Type.Integer(),
  profiles: Type.Record(Type.String(), Type.Object({ target: Type.String(), why: Type.String() })),
  manifest: ReleaseManifestSchema,
});
export type Release = Static<typeof ReleaseSchema>;

const manifestValidator = Compile(ReleaseManifestSchema);

/**
 * Puts a compiled version into a signed, immutable release.
 * @throws {HubError} `not-compiled`, `no-variant`, `no-golden`
 */
export async function createRelease(hub: Hub, request: NewRelease): Promise<Release> {
  const version = await getVersion(hub, request.version);
  requireCompiled(version);
  const chosen = chooseTargets(version, request);
  const targets = [...new Set(Object.values(chosen).map(({ target }) => target))];
  const golden =
    request.golden === undefined
      ? await goldenOf(hub, version, targets)
      : givenGolden(request.golden, request.goldenTolerance ?? 0.1);
  const createdAt = hub.clock();
  const manifest = manifestOf(hub.fleet, version, request, {
    chosen,
    targets,
    golden: {
      blob: { digest: await hub.putBlob(golden.bytes), bytes: golden.bytes.length },
      samples: golden.samples,
      tolerance: golden.tolerance,
    },
    createdAt,
  });
  const digest = digestOf(canonicalBytes(manifest));
  const signed = encodeMessage("signed", signRelease(manifest, hub.keys.privateKey));
  await hub.decide("release", `release ${digest}`, {
    digest,
    version: version.id,
    createdAt,
    profiles: chosen,
    manifest,
    signed,
  });
  return { digest, version: version.id, createdAt, profiles: chosen, manifest };
}

function requireCompiled(version: Version): void {
  if (version.variants.length > 0) return;
  throw new HubError(
    "not-compiled",
    `Expected a compiled version, ${version.id} has no variant yet; run "fieldloop compile" first.`,
  );
}

type Chosen = Record<string, { target: string; why: string }>;

function chooseTargets(version: Version, request: NewRelease): Chosen {
  const cards = version.variants.map(({ fitCard }) => fitCard);
  const wanted = request.profiles?.map(profileNamed) ?? profiles;
  const chosen: Chosen = {};
  for (const profile of wanted) {
    const choice =
      request.accept === undefined
        ? chooseTarget(profile, cards, request.budget ?? {})
        : acceptedTarget(profile.targets, cards, request.accept);
    if (choice.target !== undefined) chosen[profile.name] = { target: choice.target, why: choice.why };
    else if (request.profiles !== undefined) {
      throw new HubError(
        "no-variant",
        `Expected a variant for profile ${profile.name}: ${choice.why}. Compile for it, widen the budget, or accept it by name.`,
      );
    }
  }
  if (Object.keys(chosen).length > 0) return chosen;
  throw new HubError(
    "no-variant",
    "Expected at least one profile that a variant suits, found none; compile for more targets.",
  );
}

function acceptedTarget(
  preferred: readonly string[],
  cards: readonly { readonly target: string }[],
  accept: NonNullable<NewRelease["accept"]>,
): TargetChoice {
  const target = preferred.find((name) => cards.some((card) => card.target === name));
  return {
    target,
    why: target === undefined ? "nothing was compiled for it" : `accepted by ${accept.by}: ${accept.reason}`,
  };
}

/** Answers of the released targets on the judged half of the old validation tracks, and the golden set chosen from them. */
async function goldenOf(hub: Hub, version: Version, targets: readonly string[]): Promise<Golden> {
  const { manifest } = await getSnapshot(hub, version.snapshot);
  const { judged } = await validationHalves(hub, manifest);
  const members = judged.slice(0, 512);
  const { preprocess, heads } = describe(version);
  const images = await samplePixels(hub, members, preprocess);
  if (images.length === 0) return chooseGolden([]);
  const byTarget: ModelAnswer[][] = [];
  for (const target of targets) {
    const variant = version.variants.find((each) => each.target === target)!;
    const graphs = await Promise.all(
      version.components.map(async ({ name }) => ({
        name,
        bytes: await hub.readBlob(variant.components[name]!.digest),
      })),
    );
    byTarget.push(await hub.bench.answer({ key: `${version.id} ${target}`, graphs, heads }, images));
  }
  return chooseGolden(
    members.map(({ sample }, index) => ({
      id: sample,
      image: images[index]!,
      answers: byTarget.map((answers) => answers[index]!),
    })),
  );
}

function manifestOf(
  fleet: string,
  version: Version,
  request: NewRelease,
  parts: { chosen: Chosen; targets: readonly string[]; golden: ReleaseManifest["golden"]; createdAt: number },
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

/** One release. @throws {HubError} `not-found` */
export async function getRelease(hub: Pick<Hub, "rows" | "fleet">, digest: string): Promise<Release> {
  const [row] = await hub.rows<Release>(
    `select digest, version, created_at as "createdAt", profiles, manifest from releases where fleet = $1 and digest = $2`,
    [hub.fleet, digest],
  );
  if (row !== undefined) return { ...row, createdAt: Number(row.createdAt) };
  throw new HubError("not-found", `Expected a release of this fleet, found none with digest ${digest}.`);
}

/** The signed manifest as devices read it (CBOR). @throws {HubError} `not-found` */
export async function signedManifest(hub: Pick<Hub, "rows" | "fleet">, digest: string): Promise<Uint8Array> {
  const [row] = await hub.rows<{ signed: Uint8Array }>("select signed from releases where fleet = $1 and digest = $2", [
    hub.fleet,
    digest,
  ]);
  if (row !== undefined) return new Uint8Array(row.signed);
  throw new HubError("not-found", `Expected a release of this fleet, found none with digest ${digest}.`);
}
