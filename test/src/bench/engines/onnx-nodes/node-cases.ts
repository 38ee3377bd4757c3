import { join } from "node:path";
import { decodeMessage, type Message } from "@fieldloop/compiler";
import { archiveAt } from "../archive.ts";

/** One case of the ONNX node suite: a model, what it is fed and what it must answer, in the order of its ports. */
export interface NodeCase {
  readonly name: string;
  readonly model: Uint8Array;
  readonly decoded: Message<"Model">;
  /** Files of the first data set, as protobuf: tensors, or sequences and optionals where the ports are such. */
  readonly inputs: readonly Uint8Array[];
  readonly outputs: readonly Uint8Array[];
}

/** The two archives of the suite: one case and more for each operator, and whole networks and layers of old exporters. */
export const suites = { node: "onnx-node.tar.gz", exported: "onnx-pytorch-simple.tar.gz" } as const;

/** Reads every case of one archive, in its order. */
export function readNodeCases(folder: string, suite: keyof typeof suites): readonly NodeCase[] {
  const files = archiveAt(join(folder, suites[suite]));
  const models = [...files].filter(([name]) => name.endsWith("/model.onnx"));
  return models.map(([path, model]) => {
    const folderOf = path.slice(0, -"/model.onnx".length);
    return {
      name: folderOf.slice(folderOf.lastIndexOf("/") + 1),
      model,
      decoded: decodeMessage("Model", model),
      inputs: numbered(files, `${folderOf}/test_data_set_0/input_`),
      outputs: numbered(files, `${folderOf}/test_data_set_0/output_`),
    };
  });
}

function numbered(files: ReadonlyMap<string, Uint8Array>, prefix: string): readonly Uint8Array[] {
  const found: Uint8Array[] = [];
  for (let number = 0; ; number += 1) {
    const file = files.get(`${prefix}${number}.pb`);
    if (file === undefined) return found;
    found.push(file);
  }
}
