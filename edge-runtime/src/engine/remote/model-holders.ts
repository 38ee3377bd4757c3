interface Holding {
  count: number;
  turn: Promise<unknown>;
}

/** The models that this process holds on servers, by address and name: two releases may share one. */
const holdings = new Map<string, Holding>();

/** Holds a model and brings it; work on one model is done in turn, so that it is not taken away while it is brought. */
export function holdModel<T>(key: string, bring: () => Promise<T>): Promise<T> {
  const holding = holdings.get(key) ?? { count: 0, turn: Promise.resolve() };
  holdings.set(key, holding);
  holding.count += 1;
  return inTurn(holding, bring);
}

/** Leaves a model; who leaves last takes it away. */
export function leaveModel(key: string, takeAway: () => Promise<void>): Promise<void> {
  const holding = holdings.get(key);
  if (holding === undefined) return Promise.resolve();
  holding.count -= 1;
  return inTurn(holding, async () => {
    if (holding.count > 0) return;
    await takeAway();
    if (holding.count === 0) holdings.delete(key);
  });
}

function inTurn<T>(holding: Holding, work: () => Promise<T>): Promise<T> {
  const result = holding.turn.then(work);
  holding.turn = result.catch(() => undefined);
  return result;
}
