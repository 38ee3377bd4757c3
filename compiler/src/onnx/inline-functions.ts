import { CompilerError } from "../errors.ts";
import type { Message } from "./schema.ts";

type Node = Message<"Node">;
type Attribute = Message<"Attribute">;
type Function = Message<"Function">;

const mostNodes = 200_000;
const deepestCalls = 64;

/**
 * Puts the nodes of a model's own functions in the place of each call; a model without functions comes back as it is.
 * Values inside a call get names of their own; attributes come from the call, else from the function's defaults.
 * @throws {CompilerError} `unsupported-operator` for functions that call themselves, grow without measure, or are written
 *   for another opset than the model
 */
export function inlineFunctions(model: Message<"Model">): Message<"Model"> {
  const { functions, graph, ...rest } = model;
  if (functions === undefined || functions.length === 0 || graph === undefined) return model;
  const inliner = new Inliner(model, functions);
  return { ...rest, graph: { ...graph, node: inliner.expandAll(graph.node ?? [], 0) }, opsetImport: inliner.opsets() };
}

class Inliner {
  readonly #functions: ReadonlyMap<string, Function>;
  readonly #opsets: Map<string, Message<"OperatorSetId">>;
  readonly #taken: Set<string>;
  #calls = 0;
  #nodes = 0;

  constructor({ graph, opsetImport }: Message<"Model">, functions: readonly Function[]) {
    this.#functions = new Map(functions.map((each) => [keyOf(each.domain, each.name, each.overload), each]));
    this.#opsets = new Map((opsetImport ?? []).map((entry) => [domainOf(entry.domain), entry]));
    const made = (graph?.node ?? []).flatMap((node) => node.output ?? []);
    this.#taken = new Set([...made, ...[...(graph?.input ?? []), ...(graph?.initializer ?? [])].map(nameOf)]);
  }

  expandAll(nodes: readonly Node[], depth: number): readonly Node[] {
    return nodes.flatMap((node) => {
      this.#nodes += 1;
      const called = this.#functions.get(keyOf(node.domain, node.opType, node.overload));
      if (this.#nodes > mostNodes || depth > deepestCalls) {
        throw refused(node, `it makes more than ${mostNodes} nodes or calls deeper than ${deepestCalls} functions`);
      }
      return called === undefined ? [node] : this.expandAll(this.#bodyOf(called, node), depth + 1);
    });
  }

  opsets(): readonly Message<"OperatorSetId">[] {
    return [...this.#opsets.values()];
  }

  #bodyOf(called: Function, call: Node): readonly Node[] {
    this.#matchOpsets(called, call);
    const names = this.#namesIn(called, call);
    const rename = (name: string) => names.get(name) ?? name;
    const given = new Map((called.attributeProto ?? []).map((one) => [one.name ?? "", one]));
    for (const one of call.attribute ?? []) given.set(one.name ?? "", one);
    const body = (called.node ?? []).map((node) => {
      if (node.attribute?.some(({ g, graphs }) => g !== undefined || graphs?.length)) {
        throw refused(call, `its function holds control flow (${node.opType}), which is not followed`, "control-flow");
      }
      return {
        ...node,
        input: node.input?.map(rename),
        output: node.output?.map(rename),
        attribute: node.attribute?.flatMap((one) => bound(one, given)),
      };
    });
    return [...body, ...this.#passedThrough(called, call)];
  }

  /** What gives an input of the function out again. */
  #passedThrough(called: Function, call: Node): readonly Node[] {
    return (called.output ?? []).flatMap((name, index) => {
      const from = called.input?.indexOf(name) ?? -1;
      const [input, output] = [call.input?.[from] ?? "", call.output?.[index] ?? ""];
      return from < 0 || output === "" ? [] : [{ input: [input], output: [output], opType: "Identity" }];
    });
  }

  #matchOpsets(called: Function, call: Node): void {
    for (const entry of called.opsetImport ?? []) {
      const domain = domainOf(entry.domain);
      const ours = this.#opsets.get(domain);
      if (ours === undefined) this.#opsets.set(domain, entry);
      else if (Number(ours.version ?? 1) !== Number(entry.version ?? 1)) {
        throw refused(call, `its function is written for opset ${entry.version}, the model for ${ours.version}`);
      }
    }
  }

  /** Inputs and outputs take the call's names, omitted ones included; everything else a new one. */
  #namesIn(called: Function, call: Node): ReadonlyMap<string, string> {
    this.#calls += 1;
    const names = new Map<string, string>([["", ""]]);
    for (const [index, name] of (called.input ?? []).entries()) names.set(name, call.input?.[index] ?? "");
    for (const [index, name] of (called.output ?? []).entries()) {
      const given = call.output?.[index] ?? "";
      if (given !== "" && !names.has(name)) names.set(name, given);
    }
    for (const name of (called.node ?? []).flatMap((node) => node.output ?? [])) {
      if (!names.has(name)) names.set(name, this.#fresh(`${called.name}_${this.#calls}_${name}`));
    }
    return names;
  }

  #fresh(wish: string): string {
    let name = wish;
    for (let number = 2; this.#taken.has(name); number += 1) name = `${wish}_${number}`;
    this.#taken.add(name);
    return name;
  }
}

function bound(attribute: Attribute, given: ReadonlyMap<string, Attribute>): readonly Attribute[] {
  const { refAttrName, ...own } = attribute;
  if (refAttrName === undefined || refAttrName === "") return [attribute];
  const value = given.get(refAttrName);
  return value === undefined ? [] : [{ ...value, name: own.name }];
}

function keyOf(domain: string | undefined, name: string | undefined, overload: string | undefined): string {
  return JSON.stringify([domainOf(domain), name ?? "", overload ?? ""]);
}

function domainOf(domain: string | undefined): string {
  return domain === undefined || domain === "ai.onnx" ? "" : domain;
}

function nameOf({ name }: { readonly name?: string }): string {
  return name ?? "";
}

function refused(
  call: Node,
  because: string,
  code: "unsupported-operator" | "control-flow" = "unsupported-operator",
): CompilerError {
  return new CompilerError(
    code,
    `Cannot inline ${call.opType} making "${call.output?.[0] ?? ""}": ${because}; export the model with its functions inlined.`,
  );
}
