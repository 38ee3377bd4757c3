import { stringAttribute } from "../../graph/graph.ts";
import type { OpsetAdapter } from "../opset-adapter.ts";

/** Operators of which an attribute learnt new words. */
const learnt = [
  { ops: ["ScatterElements", "ScatterND"], opset: 18, name: "reduction", words: ["max", "min"] },
  { ops: ["Pad"], opset: 19, name: "mode", words: ["wrap"] },
  { ops: ["Resize"], opset: 19, name: "coordinate_transformation_mode", words: ["half_pixel_symmetric"] },
] as const;

/** ScatterElements and ScatterND of 18, Pad and Resize of 19, as long as they use none of the new words. */
export const earlierModes: readonly OpsetAdapter[] = learnt.map(({ ops, opset, name, words }) => ({
  ops,
  opset,
  adapt(node) {
    const word = stringAttribute(node, name, "");
    return words.some((each) => each === word) ? { because: `${name} "${word}" came with opset ${opset}` } : [node];
  },
}));
