/** A device's session as the broker sees it. Times are ms since 1970; heardAt: the newest packet, pings included */
export type Session = {
  readonly isOpen: boolean;
  readonly connectedAt: number;
  readonly heardAt: number;
  readonly disconnectedAt: number | null;
};

/** What of a session the tables should know, by device. */
export type SessionChange = Session & { readonly device: string };

const longestUnsavedMs = 60_000;

/** Who is connected and when each was heard last, kept in memory: the tables get it in batches, for after a restart. */
export class Presence {
  /** When this hub began to listen: before that nobody could be heard. */
  readonly since: number;
  readonly #sessions = new Map<string, Session>();
  readonly #changed = new Set<string>();
  readonly #savedHeardAt = new Map<string, number>();

  constructor(since: number) {
    this.since = since;
  }

  of(device: string): Session | undefined {
    return this.#sessions.get(device);
  }

  /** How many devices are connected now. */
  get connected(): number {
    return [...this.#sessions.values()].filter(({ isOpen }) => isOpen).length;
  }

  begin(device: string, at: number): void {
    this.#sessions.set(device, { isOpen: true, connectedAt: at, heardAt: at, disconnectedAt: null });
    this.#changed.add(device);
  }

  heard(device: string, at: number): void {
    const session = this.#sessions.get(device);
    if (session === undefined) return;
    this.#sessions.set(device, { ...session, heardAt: Math.max(session.heardAt, at) });
    if (at - (this.#savedHeardAt.get(device) ?? session.connectedAt) >= longestUnsavedMs) this.#changed.add(device);
  }

  end(device: string, at: number): void {
    const session = this.#sessions.get(device);
    if (session?.isOpen !== true) return;
    this.#sessions.set(device, { ...session, isOpen: false, disconnectedAt: at });
    this.#changed.add(device);
  }

  /** What changed since the last time; heard times alone at most once a minute. */
  takeChanges(): readonly SessionChange[] {
    const changes = [...this.#changed].flatMap((device) => {
      const session = this.#sessions.get(device);
      return session === undefined ? [] : [{ device, ...session }];
    });
    this.#changed.clear();
    for (const { device, heardAt } of changes) this.#savedHeardAt.set(device, heardAt);
    return changes;
  }
}
