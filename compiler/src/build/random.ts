/** A seeded source of numbers whose whole state is four 32-bit integers, so that a run can go on where it stopped. */
export interface Random {
  /** Uniform in [0, 1) with 32 bits. */
  uniform(): number;
  /** A whole number in [0, bound). */
  below(bound: number): number;
  /** Standard normal. */
  normal(): number;
  /** The state to hand to `createRandom` to go on from here. */
  state(): readonly number[];
}

/** A generator from a seed or from a saved state (xoshiro128**, Blackman and Vigna 2018; seeded by splitmix32). */
export function createRandom(seedOrState: number | readonly number[]): Random {
  const state = typeof seedOrState === "number" ? spread(seedOrState) : Uint32Array.from(seedOrState);
  const uniform = () => next(state) / 2 ** 32;
  return {
    uniform,
    below: (bound) => Math.floor(uniform() * bound),
    // Box–Muller without its second value, so that the state alone tells what comes next.
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    state: () => Array.from(state),
  };
}

function spread(seed: number): Uint32Array {
  let sum = seed >>> 0;
  return Uint32Array.from({ length: 4 }, () => {
    sum = (sum + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(sum ^ (sum >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  });
}

function next(state: Uint32Array): number {
  const [a, b, c, d] = state as unknown as [number, number, number, number];
  const result = Math.imul(rotated(Math.imul(b, 5), 7), 9) >>> 0;
  state[2] = c ^ a;
  state[3] = d ^ b;
  state[1] = b ^ state[2]!;
  state[0] = a ^ state[3]!;
  state[2] = state[2]! ^ (b << 9);
  state[3] = rotated(state[3]!, 11);
  return result;
}

function rotated(value: number, by: number): number {
  return ((value << by) | (value >>> (32 - by))) >>> 0;
}
