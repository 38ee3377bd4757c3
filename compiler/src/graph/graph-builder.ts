import { CompilerError } from "../errors.ts";
import type { DataType } from "./data-type.ts";
import type { Attribute, Dimension, Graph, Node, Value, ValueType } from "./graph.ts";
import { inferNode, inferTypes } from "./infer-types.ts";
import { integersOf, type Tensor } from "./tensor.ts";
import { verifyGraph } from "./verify-graph.ts";

/** What a node may be given beside its operator and inputs. */
export interface NodeOptions {
  readonly attributes?: Readonly<Record<string, Attribute>>;
  /** Names of the outputs; one made-up name by default. */
  readonly outputs?: readonly string[];
  readonly domain?: string;
}

/** The opset and IR version that graphs are written for unless they say otherwise. */
export const defaultOpset = 17;
export const defaultIrVersion = 8;

/** Grows a graph node by node, typing every value as it appears. */
export class GraphBuilder {
  readonly name: string;
  readonly nodes: Node[] = [];
  readonly #inputs: Value[] = [];
  readonly #outputs: string[] = [];
  readonly #initializers = new Map<string, Tensor>();
  readonly #types = new Map<string, ValueType>();
  readonly #opset: number;
  readonly #reserved = new Set<string>();
  readonly #counts = new Map<string, number>();
  readonly #sharedConstants = new Map<string, string>();

  constructor(name: string, opset = defaultOpset) {
    this.name = name;
    this.#opset = opset;
  }

  /** A builder that holds all of a graph and may add to it. */
  static from(graph: Graph): GraphBuilder {
    const builder = new GraphBuilder(graph.name, graph.opsets.get("") ?? defaultOpset);
    for (const input of graph.inputs) builder.input(input.name, input.dtype, input.shape ?? []);
    for (const [name, tensor] of graph.initializers) builder.initializer(name, tensor);
    for (const node of graph.nodes) builder.append(node);
    for (const output of graph.outputs) builder.output(output.name);
    return builder;
  }

  input(name: string, dtype: DataType, shape: readonly Dimension[]): string {
    this.#inputs.push({ name, dtype, shape });
    this.#declare(name, { dtype, shape });
    return name;
  }

  initializer(name: string, tensor: Tensor): string {
    this.#initializers.set(name, tensor);
    this.#declare(name, tensor);
    return name;
  }

  /** An unnamed constant; equal small ones are shared. */
  constant(tensor: Tensor): string {
    const key = tensor.bytes.length <= 64 ? `${tensor.dtype}[${tensor.shape}]${tensor.bytes}` : undefined;
    const shared = key === undefined ? undefined : this.#sharedConstants.get(key);
    if (shared !== undefined) return shared;
    const name = this.initializer(this.freshName("constant"), tensor);
    if (key !== undefined) this.#sharedConstants.set(key, name);
    return name;
  }

  /** Adds a node and returns its first output. */
  add(op: string, inputs: readonly string[], options: NodeOptions = {}): string {
    return this.addMany(op, inputs, options)[0]!;
  }

  /** Adds a node and returns all its outputs. */
  addMany(op: string, inputs: readonly string[], options: NodeOptions = {}): readonly string[] {
    const outputs = options.outputs ?? [this.freshName(op.toLowerCase())];
    this.append({ op, domain: options.domain ?? "", name: "", inputs, outputs, attributes: options.attributes ?? {} });
    return outputs;
  }

  append(node: Node): void {
    this.nodes.push(node);
    const types = inferNode(
      node,
      (name) => this.#types.get(name),
      (name) => this.#initializers.get(name),
      this.#opset,
    );
    for (const [index, output] of node.outputs.entries()) {
      const type = types[index];
      if (output !== "" && type !== undefined) this.#declare(output, type);
    }
  }

  output(name: string): void {
    this.#outputs.push(name);
  }

  typeOf(name: string): ValueType | undefined {
    return this.#types.get(name);
  }

  /**
   * The shape of a value whose sizes are all numbers.
   * @throws {CompilerError} `shape-mismatch` when it is unknown or symbolic
   */
  shapeOf(name: string): readonly number[] {
    const shape = this.#types.get(name)?.shape;
    if (shape?.every((size) => typeof size === "number")) return shape;
    throw new CompilerError(
      "shape-mismatch",
      `Expected every size of "${name}" to be a number, but its shape is ${shape === undefined ? "unknown" : `[${shape}]`}; bind symbolic sizes first.`,
    );
  }

  /** The integers behind a value that is a constant. */
  constantIntegers(name: string | undefined): readonly number[] | undefined {
    const tensor = name === undefined ? undefined : this.#initializers.get(name);
    return tensor && integersOf(tensor);
  }

  /** Keeps names that nodes added later will bring from being made up. */
  reserve(names: Iterable<string>): void {
    for (const name of names) this.#reserved.add(name);
  }

  freshName(hint: string): string {
    for (;;) {
      const count = (this.#counts.get(hint) ?? 0) + 1;
      this.#counts.set(hint, count);
      const name = `${hint}_${count}`;
      if (!this.#types.has(name) && !this.#reserved.has(name)) return name;
    }
  }

  /**
   * The finished graph, typed and verified.
   * @throws {CompilerError} `invalid-graph` or `shape-mismatch`
   */
  build(): Graph {
    const graph: Graph = {
      name: this.name,
      inputs: this.#inputs,
      outputs: this.#outputs.map((name) => ({
        name,
        ...(this.#types.get(name) ?? { dtype: "float32", shape: undefined }),
      })),
      nodes: this.nodes,
      initializers: this.#initializers,
      types: this.#types,
      opsets: new Map([["", this.#opset]]),
      irVersion: defaultIrVersion,
      metadata: new Map(),
      rest: {},
    };
    return inferTypes(verifyGraph(graph, `building ${this.name}`));
  }

  #declare(name: string, type: ValueType): void {
    this.#types.set(name, { dtype: type.dtype, shape: type.shape });
  }
}
