import { AsyncLocalStorage } from "node:async_hooks";
import { HubError } from "../errors.ts";
import type { Db, MigrationSession, SqlResult, SqlValue } from "./db.ts";
import { sharedWords } from "./durable-fs.ts";
import { newCounts, WorkerLink } from "./worker-link.ts";
import type { WorkerCall } from "./worker-protocol.ts";

const defaultLimitMs = 120_000;

/** create: make a new database in `dir` · limitMs: the longest a statement may take before its thread is given up */
export interface PgliteOptions {
  readonly dir: string;
  readonly create?: boolean;
  readonly limitMs?: number;
  readonly counts?: Int32Array;
}

/** A {@link Db} on PGlite in a thread of its own, which is opened anew after every fatal error. */
export class PgliteDb implements Db {
  readonly #options: PgliteOptions;
  readonly #counts: Int32Array;
  readonly #inside = new AsyncLocalStorage<{ open: boolean }>();
  #link: WorkerLink;
  #turn: Promise<unknown> = Promise.resolve();
  #reopened = 0;
  #isClosed = false;

  private constructor(options: PgliteOptions, counts: Int32Array, link: WorkerLink) {
    this.#options = options;
    this.#counts = counts;
    this.#link = link;
  }

  /** @throws {HubError} `sql-lost`, `disk-full` */
  static async open(options: PgliteOptions): Promise<PgliteDb> {
    const counts = options.counts ?? newCounts();
    return new PgliteDb(options, counts, await openLink(options, counts, options.create ?? false));
  }

  query<Row>(sql: string, values: readonly SqlValue[] = []): Promise<SqlResult<Row>> {
    return this.#alone((link) => sessionOn(link).query<Row>(sql, values));
  }

  copyIn(table: string, columns: readonly string[], bytes: Uint8Array): Promise<void> {
    return this.#alone((link) => sessionOn(link).copyIn(table, columns, bytes));
  }

  copyOut(select: string): Promise<Uint8Array> {
    return this.#alone((link) => sessionOn(link).copyOut(select));
  }

  tx<T>(work: (session: MigrationSession) => Promise<T>): Promise<T> {
    return this.#alone(async (link) => {
      const run = (sql: string) => link.call({ kind: "query", sql, values: [] });
      const scope = { open: true };
      await run("begin");
      try {
        const result = await this.#inside.run(scope, () => work(sessionOn(link)));
        await run("commit");
        return result;
      } catch (error) {
        if (!link.isLost) await run("rollback");
        throw error;
      } finally {
        scope.open = false;
      }
    });
  }

  counts() {
    return { syncs: Atomics.load(this.#counts, sharedWords.syncs), reopened: this.#reopened };
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    await this.#turn.catch(() => undefined);
    this.#isClosed = true;
    if (!this.#link.isLost) await this.#link.close();
  }

  /** Ends the thread at once, as a crash would; the next statement opens the database again. */
  async kill(): Promise<void> {
    await this.#link.kill("it was killed");
  }

  #alone<T>(work: (link: WorkerLink) => Promise<T>): Promise<T> {
    if (this.#inside.getStore()?.open === true) {
      const sentence = "Expected a transaction to use its own session; the database waits for that transaction to end.";
      return Promise.reject(new HubError("sql-failed", sentence));
    }
    const result = this.#turn.then(async () => work(await this.#openLink()));
    this.#turn = result.catch(() => undefined);
    return result;
  }

  async #openLink(): Promise<WorkerLink> {
    if (this.#isClosed) throw new HubError("sql-closed", "Expected an open database, but the hub closed it.");
    if (!this.#link.isLost) return this.#link;
    this.#link = await openLink(this.#options, this.#counts, false);
    this.#reopened += 1;
    return this.#link;
  }
}

function openLink({ dir, limitMs = defaultLimitMs }: PgliteOptions, counts: Int32Array, create: boolean) {
  return WorkerLink.open({ dir, counts, create }, limitMs);
}

function sessionOn(link: WorkerLink): MigrationSession {
  const call = (request: WorkerCall) => link.call(request);
  return {
    async query<Row>(sql: string, values: readonly SqlValue[] = []) {
      const { rows, affected } = await call({ kind: "query", sql, values });
      return { rows: rows as readonly Row[], affected }; // the caller's claim about its own columns
    },
    async script(sql) {
      await call({ kind: "script", sql });
    },
    async copyIn(table, columns, bytes) {
      await call({ kind: "copy-in", sql: `copy ${table} (${columns.join(", ")}) from '/dev/blob'`, bytes });
    },
    async copyOut(select) {
      return (await call({ kind: "copy-out", sql: `copy (${select}) to '/dev/blob'` })).bytes ?? new Uint8Array();
    },
  };
}
