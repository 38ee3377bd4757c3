import {
  canonicalBytes,
  digestOf,
  encodeMessage,
  type FitCard,
  type Profile,
  profileNamed,
  profiles,
  signRelease,
} from "@fieldloop/devices";
import { getSnapshot } from "../dataset/snapshot.ts";
import { HubError } from "../errors.ts";
import type { ModelAnswer } from "../evaluation/answer.ts";
import { samplePixels } from "../evaluation/sample-pixels.ts";
import type { Hub } from "../hub-parts.ts";
import { describe } from "./bench-version.ts";
import { chooseGolden, type Golden, givenGolden } from "./golden.ts";
import type { AuthoredRelease, NewRelease, Release } from "./release.ts";
import { type ChosenTargets, manifestOf } from "./release-manifest.ts";
import { chooseTarget, type TargetChoice } from "./target-choice.ts";
import { validationHalves } from "./validation-halves.ts";
import { getVersion, type Version } from "./version.ts";

/**
 * Puts a compiled version into a signed, immutable release. by: who asks
 * @throws {HubError} `not-compiled`, `no-variant`, `no-golden`
 */
export async function createRelease(hub: Hub, asked: NewRelease, by = "somebody"): Promise<Release> {
  const { accept, ...rest } = asked;
  const request: AuthoredRelease = accept === undefined ? rest : { ...rest, accept: { by, ...accept } };
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
    by,
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

function chooseTargets(version: Version, request: AuthoredRelease): ChosenTargets {
  const cards = version.variants.map(({ fitCard }) => fitCard);
  const wanted = request.profiles?.map(profileNamed) ?? profiles;
  const chosen: Record<string, ChosenTargets[string]> = {};
  for (const profile of wanted) {
    const choice = targetFor(profile, cards, request);
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

/** The target within its budget; what a person accepted helps only where there is none. */
function targetFor(
  profile: Profile,
  cards: readonly FitCard[],
  { budget = {}, accept }: AuthoredRelease,
): TargetChoice {
  const choice = chooseTarget(profile, cards, budget);
  if (choice.target !== undefined || accept === undefined) return choice;
  const target = profile.targets.find((name) => cards.some((card) => card.target === name));
  if (target === undefined) return { target, why: "nothing was compiled for it" };
  return { target, why: `accepted by ${accept.by}: ${accept.reason}` };
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
