import { EdgeRuntimeError } from "../errors.ts";
import type { Port } from "./engine.ts";
import { checkTensor, type Tensor, type TensorDtype } from "./tensor.ts";

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
    if (!fitsPort(port, tensor.dtype, tensor.shape)) {
      throw new EdgeRuntimeError(
        "bad-input",
        `Input "${port.name}" must be ${describePort(port)}, but is ${tensor.dtype} [${tensor.shape.join(", ")}].`,
      );
    }
  }
  const known = new Set(ports.map((port) => port.name));
  const alien = Object.keys(inputs).find((name) => !known.has(name));
  if (alien !== undefined) {
    throw new EdgeRuntimeError("bad-input", `Input "${alien}" is unknown; this model takes ${[...known].join(", ")}.`);
  }
}

/** Whether an input takes values of this element type and shape; a text on either side stands for any length. */
export function fitsPort(port: Port, dtype: TensorDtype, shape: readonly (number | string)[]): boolean {
  if (dtype !== port.dtype && !port.alsoTakes?.includes(dtype)) return false;
  if (port.shape.length === 0) return true;
  return (
    port.shape.length === shape.length &&
    port.shape.every((dim, axis) => typeof dim === "string" || typeof shape[axis] === "string" || dim === shape[axis])
  );
}

/** A port's element types and shape, for people. */
export function describePort({ dtype, alsoTakes = [], shape }: Port): string {
  return `${[dtype, ...alsoTakes].join(" or ")} [${shape.join(", ")}]`;
}
