/** What a parameter may be; json goes as text made by `JSON.stringify`, a vector as `[1,2]` cast in the statement. */
export type SqlValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | Uint8Array
  | readonly (string | number | boolean | null)[];

/** Rows of a query, and how many rows the statement changed. */
export interface SqlResult<Row> {
  readonly rows: readonly Row[];
  readonly affected: number;
}

/**
 * What runs statements: the database itself, or one transaction of it. `int8` comes back as a number, `bytea` as
 * Uint8Array, `jsonb` parsed, `vector` as text.
 */
export interface SqlSession {
  /**
   * Runs one statement; values travel as parameters only. The row type is the caller's claim about its own columns.
   * @throws {HubError} `sql-failed` (its cause carries the SQLSTATE), `sql-lost`, `sql-closed`, `disk-full`
   */
  query<Row = Record<string, unknown>>(sql: string, values?: readonly SqlValue[]): Promise<SqlResult<Row>>;
  /** Loads rows in PostgreSQL's COPY text format. table, columns: names of the hub's own schema, never of a caller. */
  copyIn(table: string, columns: readonly string[], bytes: Uint8Array): Promise<void>;
  /** The rows of a select in PostgreSQL's COPY text format, whole in memory: bound the select. */
  copyOut(select: string): Promise<Uint8Array>;
}

/** What a migration may do beside: run several statements without parameters. */
export interface MigrationSession extends SqlSession {
  script(sql: string): Promise<void>;
}

/** The hub's SQL database: one connection, first come first served; resolving means synced to the disk. */
export interface Db extends SqlSession {
  /** Runs work in one transaction; it commits when the work resolves and rolls back when it rejects. */
  tx<T>(work: (session: MigrationSession) => Promise<T>): Promise<T>;
  /** Counts since this process opened it: syncs asked of the disk, and how often it was reopened after a fatal error. */
  counts(): { readonly syncs: number; readonly reopened: number };
  close(): Promise<void>;
}
