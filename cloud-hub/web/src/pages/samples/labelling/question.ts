/**
 * One thing to be answered, as the hub's queue gives it. key: names it among those of its queue · samples: one, or the frames
 * of a track · suggestions: by head, what the device mostly answered · why: a sentence
 */
export type Question = {
  readonly key: string;
  readonly kind: "sample" | "track";
  readonly samples: readonly string[];
  readonly track: string | null;
  readonly device: string | null;
  readonly suggestions: Readonly<Record<string, { readonly class: string; readonly confidence: number }>>;
  readonly why: string;
};
