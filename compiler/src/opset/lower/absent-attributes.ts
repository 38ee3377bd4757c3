import type { Attribute } from "../../graph/graph.ts";
import { type OpsetAdapter, withoutAttributes } from "../opset-adapter.ts";

type IsDefault = (attribute: Attribute) => boolean;

const zero: IsDefault = (attribute) => attribute.kind === "int" && Number(attribute.value) === 0;
const ones: IsDefault = (attribute) =>
  attribute.kind === "ints" && attribute.value.every((value) => Number(value) === 1);
const text =
  (...values: readonly string[]): IsDefault =>
  (attribute) =>
    attribute.kind === "string" && values.includes(attribute.value);
const never: IsDefault = () => false;
/** Only tells of element types that are not plain. */
const always: IsDefault = () => true;

/** Operators that got attributes, and the values at which each means what its absence meant before. */
const added: readonly (Pick<OpsetAdapter, "ops" | "opset"> & { readonly attributes: Record<string, IsDefault> })[] = [
  { ops: ["LpPool"], opset: 18, attributes: { dilations: ones, ceil_mode: zero } },
  {
    ops: ["Resize"],
    opset: 18,
    attributes: { antialias: zero, keep_aspect_ratio_policy: text("stretch"), axes: never },
  },
  { ops: ["AveragePool"], opset: 19, attributes: { dilations: ones } },
  { ops: ["Cast", "CastLike"], opset: 19, attributes: { saturate: always } },
  { ops: ["Cast", "CastLike"], opset: 24, attributes: { round_mode: always } },
];

/** Operators whose later form is the earlier one as long as an attribute is absent or says nothing new. */
export const absentAttributes: readonly OpsetAdapter[] = added.map(({ ops, opset, attributes }) => ({
  ops,
  opset,
  adapt(node) {
    const names = Object.keys(attributes);
    const telling = names.find((name) => node.attributes[name] && !attributes[name]!(node.attributes[name]));
    if (telling !== undefined) return { because: `its "${telling}" came with opset ${opset}` };
    return [withoutAttributes(node, ...names)];
  },
}));
