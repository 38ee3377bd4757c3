/** One head's answer on the device: class index, confidence and lead over the runner-up, 0–1. */
export type HeadAnswer = { readonly index: number; readonly confidence: number; readonly margin: number };

/** The label that holds for a head. label: its row */
export type HeldLabel = {
  readonly class: string;
  readonly author: string;
  readonly kind: "human" | "machine";
  readonly at: number;
  readonly label: string;
};

/**
 * One input that was kept, as the hub tells it. class, confidence, margin: of the primary head · unsure: heads for which
 * somebody looked and could not say · space: the backbone whose embeddings may be compared
 */
export type Sample = {
  readonly id: string;
  readonly source: "device" | "import";
  readonly device: string | null;
  readonly at: number;
  readonly receivedAt: number;
  readonly release: string | null;
  readonly blob: string;
  readonly width: number;
  readonly height: number;
  readonly encoding: string;
  readonly reasons: readonly { readonly kind: string; readonly probability: number; readonly score?: number }[];
  readonly inclusionProbability: number | null;
  readonly audit: boolean;
  readonly predictions: Readonly<Record<string, HeadAnswer>> | null;
  readonly class: string | null;
  readonly confidence: number | null;
  readonly margin: number | null;
  readonly track: string | null;
  readonly split: string | null;
  readonly space?: string | null;
  readonly context: Readonly<Record<string, unknown>>;
  readonly labels: Readonly<Record<string, HeldLabel>>;
  readonly unsure: Readonly<Record<string, { readonly author: string; readonly at: number }>>;
  readonly distance?: number;
};

/** How a label stands beside the device's answer. */
export type Agreement = "agrees" | "differs" | "unsure" | "no-label" | "no-prediction";

/** The head that a release puts first: the one whose confidence the sample carries. */
export function primaryHead(
  sample: Pick<Sample, "predictions" | "confidence" | "labels" | "unsure">,
): string | undefined {
  const { predictions, confidence, labels, unsure } = sample;
  const heads = Object.entries(predictions ?? {});
  const primary = heads.find(([, answer]) => answer.confidence === confidence) ?? heads[0];
  return primary?.[0] ?? Object.keys(labels)[0] ?? Object.keys(unsure)[0];
}

/** Whether the label of a head says what the device answered there. answer: the class's name, null for none */
export function agreementAt(
  { labels, unsure }: Pick<Sample, "labels" | "unsure">,
  head: string | undefined,
  answer: string | null,
): Agreement {
  if (head !== undefined && unsure[head] !== undefined) return "unsure";
  const label = head === undefined ? undefined : labels[head];
  if (label === undefined) return "no-label";
  if (answer === null) return "no-prediction";
  return label.class === answer ? "agrees" : "differs";
}

/** Whether the label of the primary head says what the device answered. */
export function agreementOf(sample: Sample): Agreement {
  return agreementAt(sample, primaryHead(sample), sample.class);
}

/** The label of a head in a word. */
export function labelWord({ labels, unsure }: Pick<Sample, "labels" | "unsure">, head: string | undefined): string {
  if (head === undefined) return "no label";
  return unsure[head] === undefined ? (labels[head]?.class ?? "no label") : "unsure";
}
