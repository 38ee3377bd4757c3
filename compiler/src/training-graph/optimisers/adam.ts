import type { GraphBuilder } from "../../graph/graph-builder.ts";
import { floatScalar } from "../../graph/tensor.ts";
import type { Optimiser, StepValues } from "./optimiser.ts";

/** Decay rates and the guard against division by zero of Adam, and AdamW's decay of weights (0: plain Adam). */
export interface AdamOptions {
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
  readonly weightDecay?: number;
}

/**
 * Adam (Kingma and Ba 2015), its bias correction folded into the learning rate (end of section 2). With a decay it is AdamW
 * (Loshchilov and Hutter 2019): parameters shrink by learning rate × decay, apart from the gradient.
 */
export function adam({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7, weightDecay = 0 }: AdamOptions = {}): Optimiser {
  const corrected = (rate: number, step: number) => (rate * Math.sqrt(1 - beta2 ** step)) / (1 - beta1 ** step);
  return {
    moments: ["moment1", "moment2"],
    scalars: (rate, step) => ({
      learningRate: corrected(rate, step),
      ...(weightDecay === 0 ? {} : { decay: rate * weightDecay }),
    }),
    addStep(builder, values) {
      const scalar = (value: number) => builder.constant(floatScalar(value));
      const blend = (old: string, fresh: string, beta: number, output: string) =>
        builder.add("Add", [builder.add("Mul", [old, scalar(beta)]), builder.add("Mul", [fresh, scalar(1 - beta)])], {
          outputs: [output],
        });
      const square = builder.add("Mul", [values.gradient, values.gradient]);
      const moment1 = blend(values.moment1, values.gradient, beta1, "moment1.next");
      const moment2 = blend(values.moment2, square, beta2, "moment2.next");
      const scale = builder.add("Add", [builder.add("Sqrt", [moment2]), scalar(epsilon)]);
      const step = builder.add("Mul", [builder.add("Div", [moment1, scale]), values.scalar("learningRate")]);
      const from = weightDecay === 0 ? values.parameters : decayed(builder, values);
      builder.add("Sub", [from, step], { outputs: ["parameters.next"] });
    },
  };
}

function decayed(builder: GraphBuilder, { parameters, scalar }: StepValues): string {
  return builder.add("Sub", [parameters, builder.add("Mul", [parameters, scalar("decay")])]);
}
