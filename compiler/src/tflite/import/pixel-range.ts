/** What a model's image input takes for a byte: real = (byte − middle) · step. */
export const pixelRanges = {
  raw: { middle: 0, step: 1 },
  unit: { middle: 0, step: 1 / 255 },
  signed: { middle: 127.5, step: 1 / 127.5 },
  centred: { middle: 128, step: 1 / 128 },
} as const;

/** The byte itself, 0 … 1, −1 … 1, or (byte − 128) / 128 as this project's own networks take it. */
export type PixelRange = keyof typeof pixelRanges;
