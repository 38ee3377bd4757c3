import { floatScalar } from "../../graph/tensor.ts";
import type { Optimiser } from "./optimiser.ts";

/** Gradient descent with momentum as PyTorch has it: v ← momentum · v + g, p ← p − rate · v (Sutskever et al. 2013). */
export function sgd({ momentum = 0.9 }: { readonly momentum?: number } = {}): Optimiser {
  return {
    moments: momentum === 0 ? [] : ["moment1"],
    scalars: (learningRate) => ({ learningRate }),
    addStep(builder, { parameters, gradient, moment1, scalar }) {
      const kept = () => builder.add("Mul", [moment1, builder.constant(floatScalar(momentum))]);
      const velocity =
        momentum === 0 ? gradient : builder.add("Add", [kept(), gradient], { outputs: ["moment1.next"] });
      const step = builder.add("Mul", [velocity, scalar("learningRate")]);
      builder.add("Sub", [parameters, step], { outputs: ["parameters.next"] });
    },
  };
}
