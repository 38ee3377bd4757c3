import Type, { type Static } from "typebox";
import { Compile } from "typebox/compile";
import { HubError } from "../errors.ts";

const HeadSchema = Type.Object({
  name: Type.String({ pattern: "^[a-z0-9][a-z0-9_-]{0,63}$" }),
  classes: Type.Array(Type.String({ minLength: 1, maxLength: 200 }), { minItems: 2, maxItems: 4096 }),
  /** This head's share of the loss. */
  weight: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
});

const OptimiserSchema = Type.Union([
  Type.Object({ kind: Type.Literal("adam") }, { additionalProperties: false }),
  Type.Object(
    { kind: Type.Literal("adamw"), weightDecay: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })) },
    { additionalProperties: false },
  ),
  Type.Object(
    { kind: Type.Literal("sgd"), momentum: Type.Optional(Type.Number({ minimum: 0, exclusiveMaximum: 1 })) },
    { additionalProperties: false },
  ),
]);

/**
 * How a model is trained: its shape, its optimiser's course and its augmentation. Everything but the heads has a default.
 * light: random brightness × 0.2–1.5 and noise · shiftPx: random shift in both directions · oldShare: part of each batch
 * drawn from `old` where the manifest also holds `field` · reportEvery, checkpointEvery: steps
 */
export const RecipeSchema = Type.Object(
  {
    heads: Type.Array(HeadSchema, { minItems: 1, maxItems: 64 }),
    imageSize: Type.Integer({ minimum: 8, maximum: 512, default: 32 }),
    channels: Type.Array(Type.Integer({ minimum: 1, maximum: 1024 }), {
      minItems: 1,
      maxItems: 6,
      default: [32, 64, 128],
    }),
    embeddingSize: Type.Integer({ minimum: 2, maximum: 2048, default: 64 }),
    steps: Type.Integer({ minimum: 1, maximum: 1_000_000, default: 1500 }),
    batch: Type.Integer({ minimum: 2, maximum: 1024, default: 64 }),
    optimiser: Type.Optional(OptimiserSchema),
    learningRate: Type.Number({ exclusiveMinimum: 0, maximum: 1, default: 0.005 }),
    warmUpSteps: Type.Integer({ minimum: 0, default: 50 }),
    shiftPx: Type.Integer({ minimum: 0, maximum: 64, default: 3 }),
    light: Type.Boolean({ default: true }),
    oldShare: Type.Number({ minimum: 0, maximum: 1, default: 0.5 }),
    statisticsMomentum: Type.Number({ exclusiveMinimum: 0, maximum: 1, default: 0.05 }),
    reportEvery: Type.Integer({ minimum: 1, default: 25 }),
    checkpointEvery: Type.Integer({ minimum: 1, default: 250 }),
    seed: Type.Integer({ minimum: 0, maximum: 0xffff_ffff, default: 0 }),
  },
  { additionalProperties: false },
);

/** A complete recipe. */
export type Recipe = Static<typeof RecipeSchema>;

/** A recipe as people write it: what has a default may be left out. */
export type RecipeInput = Partial<Recipe> & Pick<Recipe, "heads">;

const validator = Compile(RecipeSchema);

const defaults: Readonly<Record<string, unknown>> = Object.fromEntries(
  Object.entries(RecipeSchema.properties).flatMap(([key, schema]) =>
    "default" in schema ? [[key, schema.default]] : [],
  ),
);

/**
 * Completes a recipe with its defaults.
 * @throws {HubError} `bad-recipe` with every problem at once
 */
export function parseRecipe(input: unknown): Recipe {
  const recipe: unknown = typeof input === "object" && input !== null ? { ...defaults, ...input } : input;
  if (validator.Check(recipe)) return recipe;
  const problems = [...validator.Errors(recipe)].map((error) => `${error.instancePath || "/"} ${error.message}`);
  throw new HubError(
    "bad-recipe",
    `Expected a training recipe, but ${problems.join("; ")}; correct it and start the run again.`,
  );
}
