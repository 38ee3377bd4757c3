/** The first ten hex digits of a digest, which tell releases of a fleet apart; other names stay whole. */
export function shortDigest(digest: string): string {
  const hex = /^sha256:([0-9a-f]{10})[0-9a-f]*$/.exec(digest)?.[1];
  return hex ?? digest;
}
