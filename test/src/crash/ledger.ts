/** What was acknowledged so far, laid beside what is accounted for after each crash. */
export class Ledger {
  readonly #wanted = new Map<string, string>();
  acknowledged = 0;
  evicted = 0;
  lost = 0;
  reused = 0;

  /** Takes `ack NAME… DIGEST` lines over; one name for two digests is a reused one. */
  acknowledge(lines: readonly string[]): void {
    for (const [name, digest] of named(lines, "ack")) {
      const before = this.#wanted.get(name);
      if (before !== undefined && before !== digest) this.reused += 1;
      if (before === undefined) this.acknowledged += 1;
      this.#wanted.set(name, digest);
    }
  }

  /** Compares with `held NAME… DIGEST` and `gone LANE FROM TO` lines; what is neither held nor told to be gone counts as lost once. */
  settle(lines: readonly string[]): void {
    const held = new Map(named(lines, "held"));
    const gone = lines.filter((line) => line.startsWith("gone ")).map((line) => line.split(" "));
    for (const [name, digest] of this.#wanted) {
      if (held.get(name) === digest) continue;
      this.#wanted.delete(name);
      if (!held.has(name) && isGone(name, gone)) this.evicted += 1;
      else this.lost += 1;
    }
  }

  /** Starts over on an empty disk. */
  forget(): void {
    this.#wanted.clear();
  }
}

function named(lines: readonly string[], word: string): (readonly [string, string])[] {
  return lines
    .filter((line) => line.startsWith(`${word} `))
    .map((line) => {
      const words = line.split(" ");
      return [words.slice(1, -1).join(" "), words.at(-1)!] as const;
    });
}

function isGone(name: string, gone: readonly string[][]): boolean {
  const at = name.lastIndexOf(" ");
  const lane = name.slice(0, at);
  const seq = Number(name.slice(at + 1));
  return gone.some(([, of, from, to]) => of === lane && seq >= Number(from) && seq <= Number(to));
}
