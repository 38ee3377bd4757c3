import { EdgeRuntimeError } from "../errors.ts";
import type { GraphSource, Port, RunResult } from "./engine.ts";
import { describePort, fitsPort } from "./input-check.ts";
import type { Tensor } from "./tensor.ts";

/** One graph that an engine has opened; `signal` ends a run where the engine can. */
export interface OpenedGraph {
  readonly name: string;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  run(feeds: Readonly<Record<string, Tensor>>, signal?: AbortSignal): Promise<Readonly<Record<string, Tensor>>>;
  release(): Promise<void>;
}

/** How an engine opens one graph: all that differs between engines. */
export type OpenGraph = (graph: GraphSource) => Promise<OpenedGraph>;

/** Several graphs that run in order, chained by tensor name. */
export interface GraphChain {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  run(inputs: Readonly<Record<string, Tensor>>, signal?: AbortSignal): Promise<RunResult>;
  release(): Promise<void>;
}

/**
 * Opens graphs one after the other and links outputs to later inputs of the same name.
 * @throws {EdgeRuntimeError} `bad-model` naming the graph, and what `open` throws
 */
export async function openGraphChain(graphs: readonly GraphSource[], open: OpenGraph): Promise<GraphChain> {
  if (graphs.length === 0) throw new EdgeRuntimeError("bad-model", "Expected at least one graph to load, got none.");
  const opened: OpenedGraph[] = [];
  try {
    for (const graph of graphs) opened.push(await open(graph));
    const ports = chainPorts(opened);
    return {
      ...ports,
      run: (inputs, signal) => runChain(opened, inputs, signal),
      release: () => releaseAll(opened),
    };
  } catch (error) {
    await releaseAll(opened);
    throw error;
  }
}

function chainPorts(opened: readonly OpenedGraph[]): { inputs: Port[]; outputs: Port[] } {
  const inputs = new Map<string, Port>();
  const outputs = new Map<string, Port>();
  for (const graph of opened) {
    for (const port of graph.inputs) {
      const given = outputs.get(port.name);
      if (given === undefined) inputs.set(port.name, port);
      else requireLink(graph.name, given, port);
    }
    for (const port of graph.outputs) {
      if (outputs.has(port.name)) {
        throw new EdgeRuntimeError(
          "bad-model",
          `Graph "${graph.name}" gives "${port.name}", which an earlier graph gives too.`,
        );
      }
      outputs.set(port.name, port);
    }
  }
  return { inputs: [...inputs.values()], outputs: [...outputs.values()] };
}

function requireLink(graph: string, given: Port, wanted: Port): void {
  const shape = given.shape.length === 0 ? wanted.shape : given.shape;
  if (fitsPort(wanted, given.dtype, shape)) return;
  throw new EdgeRuntimeError(
    "bad-model",
    `Graph "${graph}" takes "${wanted.name}" as ${describePort(wanted)}, but an earlier graph gives it as ${describePort(given)}; load graphs that were compiled together.`,
  );
}

async function runChain(
  opened: readonly OpenedGraph[],
  inputs: Readonly<Record<string, Tensor>>,
  signal?: AbortSignal,
): Promise<RunResult> {
  const values = new Map(Object.entries(inputs));
  const outputs: Record<string, Tensor> = {};
  const startedNs = process.hrtime.bigint();
  for (const graph of opened) {
    const given = await graph.run(feedsOf(graph, values), signal);
    for (const { name } of graph.outputs) {
      const tensor = given[name];
      if (tensor === undefined)
        throw new EdgeRuntimeError("run-failed", `Graph "${graph.name}" ran without giving "${name}".`);
      values.set(name, tensor);
      outputs[name] = tensor;
    }
  }
  return { outputs, runUs: Number(process.hrtime.bigint() - startedNs) / 1000 };
}

function feedsOf(graph: OpenedGraph, values: ReadonlyMap<string, Tensor>): Record<string, Tensor> {
  const feeds: Record<string, Tensor> = {};
  for (const { name } of graph.inputs) {
    const value = values.get(name);
    if (value === undefined)
      throw new EdgeRuntimeError("bad-input", `Graph "${graph.name}" needs input "${name}", which was not given.`);
    feeds[name] = value;
  }
  return feeds;
}

async function releaseAll(opened: readonly OpenedGraph[]): Promise<void> {
  for (const graph of opened) await graph.release();
}
