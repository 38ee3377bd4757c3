/** What a change at the hub can be about; a query's key starts with one of these. */
export const topics = ["devices", "samples", "labels", "runs", "releases", "rollouts", "drift"] as const;
export type Topic = (typeof topics)[number];

/** Reads the topics of a change event; unknown ones are left out. */
export function readTopics(data: string): readonly Topic[] {
  try {
    const { topics: named } = JSON.parse(data) as { readonly topics?: unknown };
    return Array.isArray(named) ? topics.filter((topic) => named.includes(topic)) : [];
  } catch {
    return [];
  }
}
