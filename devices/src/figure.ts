import Type, { type Static } from "typebox";

/** A measured quantity with its 95 % interval and the number of independent units behind it. */
export const FigureSchema = Type.Object({
  value: Type.Number(),
  low: Type.Number(),
  high: Type.Number(),
  n: Type.Integer({ minimum: 0 }),
});
export type Figure = Static<typeof FigureSchema>;
