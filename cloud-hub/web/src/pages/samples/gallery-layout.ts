/** How a gallery of equal tiles fills a width. All in px */
export type GalleryLayout = { readonly columns: number; readonly tileWidth: number; readonly rowHeight: number };

/** How tiles may be sized. caption: height under the square image */
export type TileSizes = { readonly least: number; readonly gap: number; readonly caption: number };

/** As many columns as fit at the least width, stretched to fill; always at least two. */
export function layOutGallery(width: number, { least, gap, caption }: TileSizes): GalleryLayout {
  const columns = Math.max(2, Math.floor((width + gap) / (least + gap)));
  const tileWidth = Math.max(1, (width - gap * (columns - 1)) / columns);
  return { columns, tileWidth, rowHeight: Math.round(tileWidth + caption + gap) };
}

/** Where a key moves the focus in a grid, `undefined` when it is not a moving key. rows: in one screen */
export function moveFocus(
  index: number,
  key: string,
  { columns, count, rows }: { readonly columns: number; readonly count: number; readonly rows: number },
): number | undefined {
  const steps: Readonly<Record<string, number>> = {
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -columns,
    ArrowDown: columns,
    PageUp: -columns * rows,
    PageDown: columns * rows,
    Home: Number.NEGATIVE_INFINITY,
    End: Number.POSITIVE_INFINITY,
  };
  const step = steps[key];
  if (step === undefined || count === 0) return undefined;
  if (!Number.isFinite(step)) return step < 0 ? 0 : count - 1;
  const target = index + step;
  if (Math.abs(step) === columns && (target < 0 || target >= count)) return index;
  return Math.min(count - 1, Math.max(0, target));
}
