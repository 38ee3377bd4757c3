import { inferTypes } from "../graph/infer-types.ts";
import type { Pass } from "./pass.ts";

/** Notes the type of every value that can be known. */
export const inferTypesOfValues: Pass = { name: "infer-types-of-values", apply: inferTypes };
