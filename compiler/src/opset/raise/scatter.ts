import type { OpsetAdapter } from "../opset-adapter.ts";

/** Opset 11 calls Scatter ScatterElements. */
export const raiseScatter: OpsetAdapter = {
  ops: ["Scatter"],
  opset: 11,
  adapt: (node) => [{ ...node, op: "ScatterElements" }],
};
