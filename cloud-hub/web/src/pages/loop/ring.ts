/** A point of the picture, in its own units. */
export type Point = { readonly x: number; readonly y: number };

/** The picture's size and the ring within it; stations sit on the ring, clockwise from the upper left. */
export const picture = { width: 1000, height: 560, centre: { x: 500, y: 280 }, radius: { x: 384, y: 204 } } as const;

const degrees = [-150, -90, -30, 30, 90, 150] as const;

/** Where station `index` of six sits. */
export function stationPoint(index: number): Point {
  return onRing(degrees[index % degrees.length] ?? 0);
}

/** The way from station `index` to the next as an SVG path, between the two cards' middles. */
export function wayPath(index: number): string {
  const from = degrees[index % 6] ?? 0;
  const to = degrees[(index + 1) % 6] ?? 0;
  const a = onRing(from);
  const b = onRing(to);
  const { x, y } = picture.radius;
  return `M${round(a.x)} ${round(a.y)}A${x} ${y} 0 0 1 ${round(b.x)} ${round(b.y)}`;
}

/** The middle of the way from station `index` to the next, and the direction there in degrees, for its arrow. */
export function wayMiddle(index: number): Point & { readonly angle: number } {
  const from = degrees[index % 6] ?? 0;
  const next = degrees[(index + 1) % 6] ?? 0;
  const middle = (from + (next < from ? next + 360 : next)) / 2;
  const radians = (middle * Math.PI) / 180;
  const { x, y } = picture.radius;
  const angle = (Math.atan2(y * Math.cos(radians), -x * Math.sin(radians)) * 180) / Math.PI;
  return { ...onRing(middle), angle };
}

function onRing(degree: number): Point {
  const radians = (degree * Math.PI) / 180;
  const { centre, radius } = picture;
  return { x: centre.x + radius.x * Math.cos(radians), y: centre.y + radius.y * Math.sin(radians) };
}

const round = (value: number): number => Math.round(value * 10) / 10;
