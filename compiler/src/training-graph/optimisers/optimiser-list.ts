import { type AdamOptions, adam } from "./adam.ts";
import type { Optimiser } from "./optimiser.ts";
import { sgd } from "./sgd.ts";

/** An optimiser by name, with what may be chosen of it. */
export type OptimiserChoice =
  | ({ readonly kind: "adam" } & Omit<AdamOptions, "weightDecay">)
  | ({ readonly kind: "adamw" } & AdamOptions)
  | { readonly kind: "sgd"; readonly momentum?: number };

const defaultDecay = 0.01;

/** The optimiser that a choice names; AdamW's decay is 0.01 unless said otherwise, as in PyTorch. */
export function optimiserFor(choice: OptimiserChoice): Optimiser {
  switch (choice.kind) {
    case "adam":
      return adam(choice);
    case "adamw":
      return adam({ weightDecay: defaultDecay, ...choice });
    case "sgd":
      return sgd(choice);
  }
}
