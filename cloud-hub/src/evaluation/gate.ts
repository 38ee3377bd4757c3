import { DigestSchema, type Figure, FigureSchema } from "@fieldloop/devices";
import Type, { type Static } from "typebox";
import { type LabelledSample, labelledSamples } from "../dataset/labelled-sample.ts";
import { type SampleQuery, SampleQuerySchema } from "../dataset/sample-query.ts";
import { HubError } from "../errors.ts";
import type { Hub } from "../hub-parts.ts";
import { loadBenchModel } from "../registry/bench-version.ts";
import { differenceByHead } from "./evaluation.ts";
import { recordEvaluation } from "./evaluation-record.ts";
import { judgeSamples } from "./judgement.ts";

/**
 * May `candidate` take the place of `incumbent`?
 * old: validation samples of the old domain · audited: narrows the audited samples, for example to one release or time ·
 * head: the head that decides, the incumbent's first unless given
 */
export const GateRequestSchema = Type.Object({
  candidate: DigestSchema,
  incumbent: DigestSchema,
  old: SampleQuerySchema,
  audited: Type.Optional(SampleQuerySchema),
  head: Type.Optional(Type.String({ maxLength: 64 })),
});
export type GateRequest = Static<typeof GateRequestSchema>;

/** One rule of the gate: paired difference as a share, what it was held against, and a sentence with both. */
export const GateRuleSchema = Type.Object({
  name: Type.Enum(["better-on-audited", "not-worse-on-old"]),
  figure: Type.Union([FigureSchema, Type.Null()]),
  threshold: Type.Number(),
  samples: Type.Integer(),
  passed: Type.Boolean(),
  sentence: Type.String(),
});
export type GateRule = Static<typeof GateRuleSchema>;

/** The verdict: passed when every rule passed. */
export const GateVerdictSchema = Type.Object({
  passed: Type.Boolean(),
  head: Type.String(),
  rules: Type.Array(GateRuleSchema),
});
export type GateVerdict = Static<typeof GateVerdictSchema>;

const oldThreshold = -0.01;

/**
 * Judges the two rules that decide a release: better on audited field samples (paired interval above zero, weighted by
 * inverse inclusion probability, clustered by track), and not worse than one point on old validation tracks. by: who asks
 */
export async function judgeGate(hub: Hub, request: GateRequest, by: string | null = null): Promise<GateVerdict> {
  if (request.candidate === request.incumbent) {
    throw new HubError(
      "bad-request",
      "Expected two different versions, got one version twice; name the one in the field as incumbent.",
    );
  }
  requireValidation(request.old);
  const audited = await labelledSamples(hub, { ...request.audited, audit: true, source: "device" });
  const old = await labelledSamples(hub, { ...request.old, source: "import", split: "val" });
  const head = request.head ?? (await firstHead(hub, request.incumbent));
  const onAudited = await difference(hub, request, audited, head, (sample) => 1 / sample.inclusionProbability);
  const onOld = await difference(hub, request, old, head, () => 1);
  const rules = [betterOnAudited(onAudited), notWorseOnOld(onOld)];
  const verdict = { passed: rules.every((rule) => rule.passed), head, rules };
  const versions = [request.incumbent, request.candidate];
  await recordEvaluation(hub, { versions, query: { gate: request }, figures: verdict, by });
  return verdict;
}

type Compared = { readonly figure: Figure | null; readonly samples: number };

async function difference(
  hub: Hub,
  { candidate, incumbent }: GateRequest,
  samples: readonly LabelledSample[],
  head: string,
  weight: (sample: LabelledSample) => number,
): Promise<Compared> {
  const labelled = samples.filter((sample) => sample.labels[head] !== undefined);
  if (labelled.length === 0) return { figure: null, samples: 0 };
  const [mine, theirs] = [await judgeSamples(hub, candidate, labelled), await judgeSamples(hub, incumbent, labelled)];
  return { figure: differenceByHead(mine, theirs, weight)[head] ?? null, samples: labelled.length };
}

/** Rule one, on its own: the whole interval lies above zero. */
export function betterOnAudited({ figure, samples }: Compared): GateRule {
  const passed = figure !== null && figure.low > 0;
  const sentence =
    figure === null
      ? "No audited sample has a person's label, so nothing shows that the candidate is better; answer the audit queue first."
      : `On ${samples} audited samples (${figure.n} tracks) the candidate is ${spread(figure)} points from the incumbent; the interval ${passed ? "lies" : "does not lie"} above 0.`;
  return { name: "better-on-audited", figure, threshold: 0, samples, passed, sentence };
}

/** Rule two, on its own: the point difference is at least −1 point. */
export function notWorseOnOld({ figure, samples }: Compared): GateRule {
  const passed = figure !== null && figure.value >= oldThreshold;
  const sentence =
    figure === null
      ? "No old validation sample has a label, so nothing shows that the candidate kept the old domain; check the query."
      : `On ${samples} old validation samples (${figure.n} tracks) the candidate is ${spread(figure)} points from the incumbent; at least ${oldThreshold * 100} is asked.`;
  return { name: "not-worse-on-old", figure, threshold: oldThreshold, samples, passed, sentence };
}

const spread = ({ value, low, high }: Figure): string => `${signed(value)} (${signed(low)} to ${signed(high)})`;
const signed = (share: number): string => `${share >= 0 ? "+" : "−"}${Math.abs(share * 100).toFixed(1)}`;

function requireValidation({ split = "val", source = "import" }: SampleQuery): void {
  if (split === "val" && source === "import") return;
  throw new HubError(
    "bad-request",
    `Expected a query of old validation samples, got split=${split}, source=${source}; a gate reads those and audited samples only.`,
  );
}

async function firstHead(hub: Hub, version: string): Promise<string> {
  return (await loadBenchModel(hub, version)).heads[0] ?? "";
}
