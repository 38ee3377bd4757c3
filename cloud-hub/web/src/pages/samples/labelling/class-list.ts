/** How many classes have a key of their own. */
export const keyedClasses = 9;

/**
 * The classes that keys 1–9 choose. Up to nine classes keep their places, so that hands can learn them; of more, the
 * suggested one comes first and the rest by how often they were answered, which stays as it was when the session began.
 */
export function rankClasses(options: {
  readonly classes: readonly string[];
  readonly suggestion: string | undefined;
  readonly counts: Readonly<Record<string, number>>;
}): readonly string[] {
  const { classes, suggestion, counts } = options;
  if (classes.length <= keyedClasses) return classes;
  const byCount = classes.toSorted((a, b) => (counts[b] ?? 0) - (counts[a] ?? 0));
  const first = suggestion !== undefined && classes.includes(suggestion) ? [suggestion] : [];
  return [...first, ...byCount.filter((name) => name !== suggestion)].slice(0, keyedClasses);
}

/** Classes that match what was typed, best first: at the beginning, at a word's beginning, inside, by letters in order. */
export function searchClasses(classes: readonly string[], typed: string, most = keyedClasses): readonly string[] {
  const wanted = typed.trim().toLowerCase();
  if (wanted === "") return classes.slice(0, most);
  return classes
    .map((name, index) => ({ name, index, rank: matchRank(name.toLowerCase(), wanted) }))
    .filter(({ rank }) => rank > 0)
    .sort((a, b) => b.rank - a.rank || a.name.length - b.name.length || a.index - b.index)
    .slice(0, most)
    .map(({ name }) => name);
}

function matchRank(name: string, wanted: string): number {
  if (name === wanted) return 5;
  if (name.startsWith(wanted)) return 4;
  if (name.split(/[^\p{L}\p{N}]+/u).some((word) => word.startsWith(wanted))) return 3;
  if (name.includes(wanted)) return 2;
  return hasLettersInOrder(name, wanted) ? 1 : 0;
}

function hasLettersInOrder(name: string, wanted: string): boolean {
  let from = 0;
  for (const letter of wanted) {
    const found = name.indexOf(letter, from);
    if (found === -1) return false;
    from = found + 1;
  }
  return true;
}
