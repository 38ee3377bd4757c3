import type { Bench } from "../bench.ts";

/** What `npm run bench -- engines` runs, in order; one line adds a part, whose name is the ID of `--only`. */
export const engineParts: readonly Bench[] = [];
