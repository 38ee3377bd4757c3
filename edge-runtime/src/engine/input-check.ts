import { EdgeRuntimeError } from "../errors.ts";
import type { Port } from "./engine.ts";
import { checkTensor, type Tensor } from "./tensor.ts";

/**
 * Checks a run's inputs against what the loaded graphs declare; free dimensions fit anything.
 * @throws {EdgeRuntimeError} `bad-input` naming the tensor
 */
export function checkInputs(ports: readonly Port[], inputs: Readonly<Record<string, Tensor>>): void {
  for (const port of ports) {
    const tensor = Object.hasOwn(inputs, port.name) ? inputs[port.name] : undefined;
    if (tensor === undefined) {
      throw new EdgeRuntimeError(
        "bad-input",
        `Input "${port.name}" is missing; given were ${Object.keys(inputs).join(", ") || "none"}.`,
      );
    }
    checkTensor(port.name, tensor);
    if (tensor.dtype !== port.dtype || !fits(port.shape, tensor.shape)) {
      throw new EdgeRuntimeError(
        "bad-input",
        `Input "${port.name}" must be ${port.dtype} [${port.shape.join(", ")}], but is ${tensor.dtype} [${tensor.shape.join(", ")}].`,
      );
    }
  }
  const known = new Set(ports.map((port) => port.name));
  const alien = Object.keys(inputs).find((name) => !known.has(name));
  if (alien !== undefined) {
    throw new EdgeRuntimeError("bad-input", `Input "${alien}" is unknown; this model takes ${[...known].join(", ")}.`);
  }
}

function fits(declared: readonly (number | string)[], given: readonly number[]): boolean {
  if (declared.length === 0) return true;
  return (
    declared.length === given.length && declared.every((dim, axis) => typeof dim !== "number" || dim === given[axis])
  );
}
