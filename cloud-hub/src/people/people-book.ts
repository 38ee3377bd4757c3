import { hashSecret, newSecret } from "../fleet/credential.ts";
import { isSameSecret } from "../http/security/token.ts";
import type { SqlValue } from "../storage/db.ts";
import { hubAdmin, type Person } from "./role.ts";

type Rows = <Row>(sql: string, parameters?: readonly SqlValue[]) => Promise<readonly Row[]>;

/** What the book looks people up with. token: the hub's own */
export type PeopleBookOptions = {
  readonly fleet: string;
  readonly token: string;
  readonly clock: () => number;
  readonly rows: Rows;
};

/** A session as the browser gets it. */
export type OpenedSession = { readonly secret: string; readonly person: Person; readonly expiresAt: number };

/** A session ends this long after its last use, and after `sessionLifeMs` in any case. */
export const sessionIdleMs = 12 * 60 * 60 * 1000;
export const sessionLifeMs = 7 * 24 * 60 * 60 * 1000;
const touchedEveryMs = 5 * 60 * 1000;
const rememberedAtMost = 500;

type SessionRow = {
  readonly tokenHash: string;
  readonly usedAt: number;
  readonly expiresAt: number;
  readonly name: string | null;
  readonly role: Person["role"] | null;
};

/** Knows who shows a token or a session; what it found is remembered until somebody is added or revoked. */
export class PeopleBook {
  readonly #options: PeopleBookOptions;
  readonly #hubHash: string;
  readonly #tokens = new Map<string, Person>();
  readonly #sessions = new Map<
    string,
    { readonly person: Person; readonly usedAt: number; readonly expiresAt: number }
  >();

  constructor(options: PeopleBookOptions) {
    this.#options = options;
    this.#hubHash = hashSecret(options.token);
  }

  /** Who a token belongs to: the hub's own is an admin's. */
  async byToken(token: string): Promise<Person | undefined> {
    if (isSameSecret(token, this.#options.token)) return hubAdmin;
    const hash = hashSecret(token);
    const known = this.#tokens.get(hash);
    if (known !== undefined) return known;
    const { rows, fleet } = this.#options;
    const [person] = await rows<Person>(
      "select name, role from people where fleet = $1 and token_hash = $2 and revoked_at is null",
      [fleet, hash],
    );
    if (person !== undefined) remember(this.#tokens, hash, person);
    return person;
  }

  /** Opens a session for whom a token belongs to; ended ones are cleared away. */
  async openSession(token: string): Promise<OpenedSession | undefined> {
    const person = await this.byToken(token);
    if (person === undefined) return undefined;
    const { rows, fleet, clock } = this.#options;
    const secret = newSecret();
    const now = clock();
    await rows("delete from sessions where expires_at < $1 or used_at < $2", [now, now - sessionIdleMs]);
    await rows(
      `insert into sessions (fleet, session_hash, token_hash, created_at, used_at, expires_at)
       values ($1, $2, $3, $4, $4, $5)`,
      [fleet, hashSecret(secret), hashSecret(token), now, now + sessionLifeMs],
    );
    return { secret, person, expiresAt: now + sessionLifeMs };
  }

  /** Who a session belongs to, as long as their token is good. */
  async bySession(secret: string): Promise<Person | undefined> {
    const hash = hashSecret(secret);
    const now = this.#options.clock();
    const known = this.#sessions.get(hash) ?? (await this.#readSession(hash));
    if (known === undefined || known.expiresAt <= now || known.usedAt + sessionIdleMs <= now) return undefined;
    if (now - known.usedAt < touchedEveryMs) {
      remember(this.#sessions, hash, known);
      return known.person;
    }
    const { rows, fleet } = this.#options;
    await rows("update sessions set used_at = $3 where fleet = $1 and session_hash = $2", [fleet, hash, now]);
    remember(this.#sessions, hash, { ...known, usedAt: now });
    return known.person;
  }

  async endSession(secret: string): Promise<void> {
    const hash = hashSecret(secret);
    this.#sessions.delete(hash);
    await this.#options.rows("delete from sessions where fleet = $1 and session_hash = $2", [
      this.#options.fleet,
      hash,
    ]);
  }

  /** Forgets what was found: somebody was added or revoked. */
  forget(): void {
    this.#tokens.clear();
    this.#sessions.clear();
  }

  async #readSession(hash: string) {
    const { rows, fleet } = this.#options;
    const [row] = await rows<SessionRow>(
      `select s.token_hash as "tokenHash", s.used_at as "usedAt", s.expires_at as "expiresAt", p.name, p.role
       from sessions s
       left join people p on p.fleet = s.fleet and p.token_hash = s.token_hash and p.revoked_at is null
       where s.fleet = $1 and s.session_hash = $2`,
      [fleet, hash],
    );
    if (row === undefined) return undefined;
    const person = row.tokenHash === this.#hubHash ? hubAdmin : personOf(row);
    if (person === undefined) return undefined;
    return { person, usedAt: Number(row.usedAt), expiresAt: Number(row.expiresAt) };
  }
}

const personOf = ({ name, role }: SessionRow): Person | undefined =>
  name === null || role === null ? undefined : { name, role };

function remember<T>(map: Map<string, T>, key: string, value: T): void {
  if (map.size >= rememberedAtMost) map.clear();
  map.set(key, value);
}
