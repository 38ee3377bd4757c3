/** Strokes of a digit or letter in a cell 60 wide and 100 high, drawn as a path so that no font is ever needed. */
export const glyphStrokes = {
  "0": "M30 8C13 8 11 25 11 50C11 75 13 92 30 92C47 92 49 75 49 50C49 25 47 8 30 8Z",
  "3": "M10 24C13 13 20 8 30 8C42 8 49 16 49 27C49 39 41 46 28 47C43 47 51 56 51 69C51 83 42 92 29 92C18 92 11 86 8 75",
  "5": "M48 8H17L14 45C18 40 24 38 31 38C44 38 51 48 51 64C51 82 42 92 28 92C18 92 11 87 8 77",
  "8": "M30 46C19 46 12 39 12 27C12 16 19 8 30 8C41 8 48 16 48 27C48 39 41 46 30 46C17 46 9 55 9 69C9 83 17 92 30 92C43 92 51 83 51 69C51 55 43 46 30 46Z",
  S: "M49 24C46 13 39 8 30 8C18 8 11 15 11 27C11 39 19 44 30 49C42 54 50 60 50 73C50 85 42 92 30 92C18 92 11 86 8 75",
  T: "M4 11H56M30 11V98",
  O: "M30 8C13 8 9 25 9 50C9 75 13 92 30 92C47 92 51 75 51 50C51 25 47 8 30 8Z",
  P: "M13 98V10H30C44 10 51 18 51 32C51 46 44 55 30 55H13",
} as const;

/** A character that can be drawn. */
export type Glyph = keyof typeof glyphStrokes;

/** Draws glyphs in a row as SVG, centred on (50, centreY) of a 100×100 face; height and stroke in the face's units. */
export function glyphRow(
  glyphs: readonly Glyph[],
  look: {
    readonly height: number;
    readonly advance: number;
    readonly stroke: number;
    readonly colour: string;
    readonly centreY?: number;
  },
): string {
  const scale = look.height / 100;
  const left = 50 - ((glyphs.length - 1) * look.advance) / 2 - 30 * scale;
  const top = (look.centreY ?? 50) - look.height / 2;
  const paths = glyphs.map((glyph, at) => {
    const place = `translate(${left + at * look.advance} ${top}) scale(${scale})`;
    return `<path transform="${place}" d="${glyphStrokes[glyph]}"/>`;
  });
  const style = `fill="none" stroke="${look.colour}" stroke-width="${look.stroke / scale}" stroke-linejoin="round"`;
  return `<g ${style}>${paths.join("")}</g>`;
}
