import { decodeMessage, type Tensor, tensorFromMessage } from "@fieldloop/compiler";
import type { NodeCase } from "./node-cases.ts";

/** A case's data by the names of its ports. */
export interface Feeds {
  readonly inputs: ReadonlyMap<string, Tensor>;
  readonly outputs: readonly (readonly [string, Tensor])[];
}

/** The case's data as tensors, or undefined where a port is a sequence or an optional. */
export function feedsOf({ decoded, inputs, outputs }: NodeCase): Feeds | undefined {
  const { input = [], output = [] } = decoded.graph ?? {};
  if (![...input, ...output].every(({ type }) => type?.tensorType !== undefined)) return undefined;
  const tensors = (files: readonly Uint8Array[]) =>
    files.map((bytes) => tensorFromMessage(decodeMessage("Tensor", bytes)));
  const named = (ports: typeof input, files: readonly Uint8Array[]) =>
    tensors(files).map((tensor, index) => [ports[index]?.name ?? "", tensor] as const);
  return { inputs: new Map(named(input, inputs)), outputs: named(output, outputs) };
}
