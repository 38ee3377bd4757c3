/** How often samples of one true class were answered as a class. ids: some of them */
export type ConfusionCount = {
  readonly truth: string;
  readonly answer: string;
  readonly samples: number;
  readonly ids: readonly string[];
};

/** How classes are laid out: by name, most confused first, or so that classes taken for each other are neighbours. */
export type ConfusionOrder = "name" | "errors" | "neighbours";

/** One cell. share: of its true class's samples · isRight: on the diagonal */
export type ConfusionCell = ConfusionCount & { readonly share: number; readonly isRight: boolean };

/** A confusion matrix, rows by true class. right: share of the row's samples answered rightly */
export type Confusion = {
  readonly classes: readonly string[];
  readonly rows: readonly {
    readonly truth: string;
    readonly samples: number;
    readonly right: number;
    readonly cells: readonly ConfusionCell[];
  }[];
  readonly samples: number;
};

/** Lays counts out as a square matrix over every class that occurs. */
export function layOutConfusion(counts: readonly ConfusionCount[], order: ConfusionOrder): Confusion {
  const table = new Map(counts.map((each) => [keyOf(each.truth, each.answer), each]));
  const names = new Set(counts.flatMap(({ truth, answer }) => [truth, answer]));
  const countOf = (truth: string, answer: string): number => table.get(keyOf(truth, answer))?.samples ?? 0;
  const classes = orderClasses([...names].sort(byName), countOf, order);
  const rows = classes.map((truth) => {
    const samples = classes.reduce((sum, answer) => sum + countOf(truth, answer), 0);
    const cells = classes.map((answer) => {
      const { samples: count = 0, ids = [] } = table.get(keyOf(truth, answer)) ?? {};
      return {
        truth,
        answer,
        samples: count,
        ids,
        share: samples === 0 ? 0 : count / samples,
        isRight: truth === answer,
      };
    });
    return { truth, samples, right: samples === 0 ? Number.NaN : countOf(truth, truth) / samples, cells };
  });
  return { classes, rows, samples: rows.reduce((sum, row) => sum + row.samples, 0) };
}

/** The wrong cells with most samples, the fullest first. */
export function worstConfusions({ rows }: Confusion, most: number): readonly ConfusionCell[] {
  return rows
    .flatMap((row) => row.cells.filter((cell) => !cell.isRight && cell.samples > 0))
    .sort((a, b) => b.samples - a.samples || b.share - a.share)
    .slice(0, most);
}

const keyOf = (truth: string, answer: string): string => JSON.stringify([truth, answer]);

type CountOf = (truth: string, answer: string) => number;

function orderClasses(classes: readonly string[], countOf: CountOf, order: ConfusionOrder): readonly string[] {
  if (order === "name") return classes;
  const errors = (name: string) =>
    classes.reduce((sum, other) => sum + (other === name ? 0 : countOf(name, other) + countOf(other, name)), 0);
  const byErrors = classes.toSorted((a, b) => errors(b) - errors(a));
  return order === "errors" ? byErrors : chainNeighbours(byErrors, countOf);
}

/** Begins with the most confused class and goes on, at either end, with the one taken for an end's class most often. */
function chainNeighbours(classes: readonly string[], countOf: CountOf): readonly string[] {
  const [first, ...rest] = classes;
  if (first === undefined) return [];
  const chain = [first];
  const left = new Set(rest);
  const mixed = (a: string, b: string): number => countOf(a, b) + countOf(b, a);
  while (left.size > 0) {
    const [head, tail] = [chain[0] ?? first, chain.at(-1) ?? first];
    const links = [...left].map((name) => ({ name, head: mixed(name, head), tail: mixed(name, tail) }));
    const best = links.reduce((top, link) =>
      Math.max(link.head, link.tail) > Math.max(top.head, top.tail) ? link : top,
    );
    if (best.head > best.tail) chain.unshift(best.name);
    else chain.push(best.name);
    left.delete(best.name);
  }
  return chain;
}

const byName = (a: string, b: string): number => a.localeCompare(b, "en", { numeric: true });
