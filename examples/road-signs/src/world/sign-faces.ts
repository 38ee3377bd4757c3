import { type Glyph, glyphRow } from "./sign-glyphs.ts";

const red = "#c4121d";
const blue = "#14509e";
const white = "#f3f3ee";
const black = "#161616";
const yellow = "#f6b012";

/** One sign class of the rendered world: its name, its category (0 prohibition … 3 other) and its face as SVG 100×100. */
export interface SignFace {
  readonly name: string;
  readonly category: 0 | 1 | 2 | 3;
  readonly svg: string;
}

/** The twelve signs of the rendered world, in class order. */
export const signFaces: readonly SignFace[] = [
  { name: "Speed limit 30", category: 0, svg: face(prohibition(limit(["3", "0"]))) },
  { name: "Speed limit 50", category: 0, svg: face(prohibition(limit(["5", "0"]))) },
  { name: "Speed limit 80", category: 0, svg: face(prohibition(limit(["8", "0"]))) },
  { name: "General danger", category: 1, svg: face(danger(exclamation())) },
  { name: "Curve left", category: 1, svg: face(danger(curveLeft())) },
  { name: "Curve right", category: 1, svg: face(danger(mirrored(curveLeft()))) },
  { name: "Straight ahead", category: 2, svg: face(mandatory(arrowUp())) },
  { name: "Turn right ahead", category: 2, svg: face(mandatory(arrowRight())) },
  { name: "Turn left ahead", category: 2, svg: face(mandatory(mirrored(arrowRight()))) },
  { name: "Stop", category: 3, svg: face(stop()) },
  { name: "Yield", category: 3, svg: face(yieldSign()) },
  { name: "Priority road", category: 3, svg: face(priorityRoad()) },
];

function face(content: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100">${content}</svg>`;
}

function mirrored(content: string): string {
  return `<g transform="translate(100 0) scale(-1 1)">${content}</g>`;
}

function prohibition(content: string): string {
  return `<circle cx="50" cy="50" r="48" fill="${white}"/><circle cx="50" cy="50" r="40.2" fill="none" stroke="${red}" stroke-width="12.6"/>${content}`;
}

function limit(digits: readonly Glyph[]): string {
  return glyphRow(digits, { height: 42, advance: 26, stroke: 7.4, colour: black });
}

function danger(content: string): string {
  const outer = `<path d="M50 9L95 87H5Z" fill="${white}" stroke="${white}" stroke-width="9" stroke-linejoin="round"/>`;
  const border = `<path d="M50 14L90 84H10Z" fill="${white}" stroke="${red}" stroke-width="9" stroke-linejoin="round"/>`;
  return outer + border + content;
}

function exclamation(): string {
  return `<path d="M44.5 34Q50 30 55.5 34L52.8 61H47.2Z" fill="${black}"/><circle cx="50" cy="70" r="5.2" fill="${black}"/>`;
}

function curveLeft(): string {
  const bend = `<path d="M57 77V62Q57 51 45 48.5" fill="none" stroke="${black}" stroke-width="8.5"/>`;
  return `${bend}<path d="M47.5 38.5L45.5 58L31 45.5Z" fill="${black}"/>`;
}

function mandatory(content: string): string {
  return `<circle cx="50" cy="50" r="48" fill="${white}"/><circle cx="50" cy="50" r="45.5" fill="${blue}"/>${content}`;
}

function arrowUp(): string {
  return `<path d="M50 14L73 42H57V84H43V42H27Z" fill="${white}"/>`;
}

function arrowRight(): string {
  const stem = `<path d="M34 80V55Q34 43 46 43H60" fill="none" stroke="${white}" stroke-width="12.5"/>`;
  return `${stem}<path d="M58 24L80 43L58 62Z" fill="${white}"/>`;
}

function stop(): string {
  const octagon = "M32 4H68L96 32V68L68 96H32L4 68V32Z";
  const letters = glyphRow(["S", "T", "O", "P"], { height: 32, advance: 20.5, stroke: 5.6, colour: white });
  return `<path d="${octagon}" fill="${white}"/><path transform="translate(3.5 3.5) scale(.93)" d="${octagon}" fill="${red}"/>${letters}`;
}

function yieldSign(): string {
  const outer = `<path d="M50 91L95 13H5Z" fill="${white}" stroke="${white}" stroke-width="8" stroke-linejoin="round"/>`;
  return `${outer}<path d="M50 82L86.5 18.5H13.5Z" fill="${white}" stroke="${red}" stroke-width="13" stroke-linejoin="round"/>`;
}

function priorityRoad(): string {
  const diamond = (half: number, fill: string): string =>
    `<rect x="${50 - half}" y="${50 - half}" width="${2 * half}" height="${2 * half}" rx="4" fill="${fill}" transform="rotate(45 50 50)"/>`;
  return diamond(34, black) + diamond(33, white) + diamond(22.5, black) + diamond(21.5, yellow);
}
