import { elementCount, type Tensor } from "@fieldloop/compiler";

const relative = 1e-3;
const absolute = 1e-7;

/** Whether a tensor is the expected one by the suite's tolerance: |a − b| ≤ 1e-7 + 1e-3 · |b|; strings and bools exactly. */
export function isSame(actual: Tensor | undefined, expected: Tensor): boolean {
  if (actual === undefined || actual.dtype !== expected.dtype) return false;
  if (actual.shape.length !== expected.shape.length) return false;
  if (!actual.shape.every((size, axis) => size === expected.shape[axis])) return false;
  if (expected.strings !== undefined) {
    return expected.strings.every(
      (each, index) => Buffer.compare(each, actual.strings?.[index] ?? Buffer.alloc(0)) === 0,
    );
  }
  const [left, right] = [numbersOf(actual), numbersOf(expected)];
  if (left === undefined || right === undefined) return Buffer.compare(actual.bytes, expected.bytes) === 0;
  return right.every((value, index) => isClose(left[index]!, value));
}

function isClose(actual: number, expected: number): boolean {
  if (Object.is(actual, expected) || actual === expected) return true;
  if (Number.isNaN(actual) || Number.isNaN(expected)) return Number.isNaN(actual) && Number.isNaN(expected);
  return Number.isFinite(actual) && Math.abs(actual - expected) <= absolute + relative * Math.abs(expected);
}

function numbersOf({ dtype, shape, bytes }: Tensor): readonly number[] | undefined {
  const at = reader(dtype, new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  return at && Array.from({ length: elementCount(shape) }, (_, index) => at(index));
}

function reader(dtype: Tensor["dtype"], view: DataView): ((index: number) => number) | undefined {
  switch (dtype) {
    case "float32":
      return (index) => view.getFloat32(4 * index, true);
    case "float64":
      return (index) => view.getFloat64(8 * index, true);
    case "float16":
      return (index) => view.getFloat16(2 * index, true);
    case "int8":
      return (index) => view.getInt8(index);
    case "uint8":
      return (index) => view.getUint8(index);
    case "int16":
      return (index) => view.getInt16(2 * index, true);
    case "uint16":
      return (index) => view.getUint16(2 * index, true);
    case "int32":
      return (index) => view.getInt32(4 * index, true);
    case "uint32":
      return (index) => view.getUint32(4 * index, true);
    case "int64":
      return (index) => Number(view.getBigInt64(8 * index, true));
    case "uint64":
      return (index) => Number(view.getBigUint64(8 * index, true));
    default:
      return undefined;
  }
}
