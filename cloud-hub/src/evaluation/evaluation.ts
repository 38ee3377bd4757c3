import { pairedDifference, pairedUnits, proportion, proportionUnits } from "@fieldloop/compiler/statistics";
import { DigestSchema, type Figure, FigureSchema } from "@fieldloop/devices";
import Type, { type Static } from "typebox";
import { type LabelledSample, labelledSamples } from "../dataset/labelled-sample.ts";
import { SampleQuerySchema } from "../dataset/sample-query.ts";
import { HubError } from "../errors.ts";
import type { Hub } from "../hub-parts.ts";
import { ConfusionSchema, confusionOf } from "./confusion.ts";
import { recordEvaluation } from "./evaluation-record.ts";
import { type Judgement, judgeSamples } from "./judgement.ts";
import { SliceSchema, slicesOf } from "./slices.ts";

/**
 * Versions to judge on the labelled samples of a query.
 * weightByInclusion: by inverse inclusion probability · outcomes: also sample by sample · confusion: also what was taken for
 * what
 */
export const EvaluationRequestSchema = Type.Object({
  versions: Type.Array(DigestSchema, { minItems: 1, maxItems: 8 }),
  query: SampleQuerySchema,
  weightByInclusion: Type.Optional(Type.Boolean()),
  outcomes: Type.Optional(Type.Boolean()),
  confusion: Type.Optional(Type.Boolean()),
});
export type EvaluationRequest = Static<typeof EvaluationRequestSchema>;

const HeadFiguresSchema = Type.Object({
  accuracy: FigureSchema,
  samples: Type.Integer(),
  /** By true class, device and context entries with few values: accuracy where at least five units stand behind it. */
  slices: Type.Array(SliceSchema),
  /** By sample id, whether the version was right; only where asked for. */
  outcomes: Type.Optional(Type.Record(Type.String(), Type.Boolean())),
  confusion: Type.Optional(ConfusionSchema),
});

/** Accuracy per version and head, and per head the last version minus the first on the same samples. */
export const EvaluationSchema = Type.Object({
  id: Type.String(),
  samples: Type.Integer(),
  versions: Type.Array(Type.Object({ version: Type.String(), heads: Type.Record(Type.String(), HeadFiguresSchema) })),
  difference: Type.Optional(Type.Record(Type.String(), FigureSchema)),
});
export type Evaluation = Static<typeof EvaluationSchema>;

/** Runs versions over a query's human-labelled samples and says how right each is, clustered by track. by: who asks */
export async function evaluateVersions(
  hub: Hub,
  request: EvaluationRequest,
  by: string | null = null,
): Promise<Evaluation> {
  const samples = await labelledSamples(hub, request.query);
  if (samples.length === 0) {
    throw new HubError(
      "nothing-to-judge",
      "Expected samples with a person's label in the query, found none; label some or widen the query.",
    );
  }
  const weight = request.weightByInclusion ? (sample: LabelledSample) => 1 / sample.inclusionProbability : () => 1;
  const judged = await Promise.all(request.versions.map((version) => judgeSamples(hub, version, samples)));
  const versions = request.versions.map((version, index) => ({
    version,
    heads: figuresByHead(judged[index]!, weight),
  }));
  const [first, last] = [judged[0]!, judged.at(-1)!];
  const result = {
    samples: samples.length,
    ...(judged.length > 1 ? { difference: differenceByHead(last, first, weight) } : {}),
  };
  const shown = (asked: Asked) => ({ ...result, versions: versions.map((each) => withAsked(each, asked)) });
  const figures = shown({ outcomes: request.outcomes, confusion: true });
  const id = await recordEvaluation(hub, { versions: request.versions, query: request.query, figures, by });
  return { id, ...shown(request) };
}

type Weight = (sample: LabelledSample) => number;
type VersionFigures = Evaluation["versions"][number];
type HeadFigures = VersionFigures["heads"][string] & { readonly outcomes: Record<string, boolean> };
type Asked = Pick<EvaluationRequest, "outcomes" | "confusion">;

function figuresByHead(judgements: readonly Judgement[], weight: Weight): Record<string, HeadFigures> {
  return Object.fromEntries(
    [...Map.groupBy(judgements, (each) => each.head)].map(([head, rows]) => [
      head,
      {
        accuracy: accuracyOf(rows, weight),
        samples: rows.length,
        slices: slicesOf(rows, (members) => accuracyOf(members, weight)),
        outcomes: Object.fromEntries(rows.map(({ sample, isRight }) => [sample.id, isRight])),
        confusion: confusionOf(rows),
      },
    ]),
  );
}

function withAsked({ version, heads }: VersionFigures, { outcomes, confusion }: Asked): VersionFigures {
  const shown = Object.entries(heads).map(([head, figures]) => {
    const { outcomes: byId, confusion: cells, ...rest } = figures;
    return [head, { ...rest, ...(outcomes ? { outcomes: byId } : {}), ...(confusion ? { confusion: cells } : {}) }];
  });
  return { version, heads: Object.fromEntries(shown) as VersionFigures["heads"] };
}

/** The share of right judgements, clustered by track. */
export function accuracyOf(rows: readonly Judgement[], weight: Weight): Figure {
  return proportion(
    proportionUnits(
      rows.map(({ sample, isRight }) => ({ unit: sample.unit, success: isRight, weight: weight(sample) })),
    ),
  );
}

/** Per head, candidate minus incumbent on the samples that both judged, clustered by track. */
export function differenceByHead(
  candidate: readonly Judgement[],
  incumbent: readonly Judgement[],
  weight: Weight,
): Record<string, Figure> {
  const other = new Map(incumbent.map((row) => [`${row.head} ${row.sample.id}`, row.isRight]));
  const pairs = candidate.flatMap((row) => {
    const right = other.get(`${row.head} ${row.sample.id}`);
    return right === undefined ? [] : [{ row, right }];
  });
  return Object.fromEntries(
    [...Map.groupBy(pairs, ({ row }) => row.head)].map(([head, members]) => [
      head,
      pairedDifference(
        pairedUnits(
          members.map(({ row, right }) => ({
            unit: row.sample.unit,
            candidate: row.isRight,
            incumbent: right,
            weight: weight(row.sample),
          })),
        ),
      ),
    ]),
  );
}
