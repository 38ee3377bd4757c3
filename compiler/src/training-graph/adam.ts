import type { GraphBuilder } from "../graph/graph-builder.ts";
import { floatScalar } from "../graph/tensor.ts";

/** Decay rates and the guard against division by zero of Adam (Kingma and Ba, 2015). */
export interface AdamOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

export const adamDefaults: AdamOptions = { beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };

/** Flat vectors that one step reads, and the gradient it follows. */
export interface AdamInputs {
  readonly parameters: string;
  readonly moment1: string;
  readonly moment2: string;
  readonly gradient: string;
  readonly learningRate: string;
}

/**
 * Adds one Adam step over flat vectors; outputs are `parameters.next`, `moment1.next` and `moment2.next`.
 * The bias correction is part of the learning rate that comes in: see `adamRate`.
 */
export function addAdamStep(builder: GraphBuilder, inputs: AdamInputs, options: AdamOptions): readonly string[] {
  const scalar = (value: number) => builder.constant(floatScalar(value));
  const blend = (old: string, fresh: string, beta: number, output: string) =>
    builder.add("Add", [builder.add("Mul", [old, scalar(beta)]), builder.add("Mul", [fresh, scalar(1 - beta)])], {
      outputs: [output],
    });
  const square = builder.add("Mul", [inputs.gradient, inputs.gradient]);
  const moment1 = blend(inputs.moment1, inputs.gradient, options.beta1, "moment1.next");
  const moment2 = blend(inputs.moment2, square, options.beta2, "moment2.next");
  const scale = builder.add("Add", [builder.add("Sqrt", [moment2]), scalar(options.epsilon)]);
  const step = builder.add("Mul", [builder.add("Div", [moment1, scale]), inputs.learningRate]);
  return [builder.add("Sub", [inputs.parameters, step], { outputs: ["parameters.next"] }), moment1, moment2];
}

/** The learning rate of step 1, 2, … with Adam's bias correction folded in (Kingma and Ba, end of section 2). */
export function adamRate(learningRate: number, step: number, options: AdamOptions = adamDefaults): number {
  return (learningRate * Math.sqrt(1 - options.beta2 ** step)) / (1 - options.beta1 ** step);
}
