import type { HealthRule } from "./rule.ts";
import { confidence } from "./rules/confidence.ts";
import { drops } from "./rules/drops.ts";
import { errors } from "./rules/errors.ts";
import { latency } from "./rules/latency.ts";
import { mix } from "./rules/mix.ts";
import { outcomes } from "./rules/outcomes.ts";
import { restarts } from "./rules/restarts.ts";

/** Every rule, in the order in which they are told. A new one is a file, a name in facts.ts, limits in gate.ts and a line here. */
export const healthRules: readonly HealthRule[] = [confidence, mix, errors, drops, latency, restarts, outcomes];
