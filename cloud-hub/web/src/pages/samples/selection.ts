/** Which tiles are chosen. anchor: where a stretch began, by index */
export type Selection = { readonly ids: ReadonlySet<string>; readonly anchor: number };

/** Nothing chosen. */
export const noSelection: Selection = { ids: new Set(), anchor: 0 };

/** Adds or removes one tile, and begins a new stretch there. */
export function toggle({ ids }: Selection, id: string, index: number): Selection {
  const next = new Set(ids);
  if (!next.delete(id)) next.add(id);
  return { ids: next, anchor: index };
}

/** Adds every tile between the stretch's beginning and a place. idAt: `undefined` where nothing is at hand */
export function extendTo(selection: Selection, index: number, idAt: (index: number) => string | undefined): Selection {
  const [from, to] = [Math.min(selection.anchor, index), Math.max(selection.anchor, index)];
  const ids = new Set(selection.ids);
  for (let place = from; place <= to; place += 1) {
    const id = idAt(place);
    if (id !== undefined) ids.add(id);
  }
  return { ids, anchor: selection.anchor };
}
