import type { Answers } from "@fieldloop/devices";
import type { ClassNames } from "../registry/class-names.ts";
import type { QueueItem } from "./queue-page.ts";

/** Per head, the class that the frames' answers add up to, and its share of all confidence. */
export function suggestionsOf(answers: readonly Answers[], classes: ClassNames | undefined): QueueItem["suggestions"] {
  const heads = new Set(answers.flatMap((each) => Object.keys(each)));
  const suggestions: QueueItem["suggestions"] = {};
  for (const head of heads) {
    const votes = new Map<number, number>();
    for (const each of answers) {
      const answer = each[head];
      if (answer !== undefined) votes.set(answer.index, (votes.get(answer.index) ?? 0) + answer.confidence);
    }
    const [index, sum] = [...votes].reduce((top, vote) => (vote[1] > top[1] ? vote : top), [-1, 0]);
    const name = classes?.[head]?.[index];
    if (name !== undefined) suggestions[head] = { class: name, confidence: sum / answers.length };
  }
  return suggestions;
}
