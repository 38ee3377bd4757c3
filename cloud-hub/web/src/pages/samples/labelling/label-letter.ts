import type { Act } from "./label-session.ts";
import type { Letter } from "./outbox.ts";

type NewLetter = Pick<Letter, "id" | "path" | "body">;

/**
 * What the hub is told of an act, `undefined` for a skip. A first answer says that it saw none before: if somebody else
 * answered meanwhile, the hub refuses it rather than labelling the same thing twice.
 */
export function recordLetter(act: Act, head: string): NewLetter | undefined {
  const { id, subject, verdict, before } = act;
  if (verdict.kind === "skip") return undefined;
  const said = verdict.kind === "unsure" ? { unsure: true } : { class: verdict.class, suggestion: verdict.suggestion };
  const seen = before === undefined || before.kind === "skip" ? { expect: null } : {};
  return { id, path: "/v1/labels", body: { id, items: [{ ...subject, head, ...said, ...seen }] } };
}

/** What the hub is told to take an act back, `undefined` where it was told nothing. */
export function withdrawLetter(act: Act, id: string): NewLetter | undefined {
  if (act.verdict.kind === "skip") return undefined;
  return { id, path: "/v1/labels/undo", body: { id, labels: [labelRow(act)] } };
}

/** The row that the hub made of a letter's first item. */
const labelRow = ({ id }: Act): string => `label ${id} 00000`;
