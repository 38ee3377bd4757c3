import type { SqlValue } from "./db.ts";

/** What the database's thread is started with. create: make a new database in an empty folder */
export interface WorkerSetup {
  readonly dir: string;
  readonly counts: Int32Array;
  readonly create: boolean;
}

/** One request to the database's thread; `id` comes back with its reply. */
export type WorkerRequest = { readonly id: number } & WorkerCall;

/** What the thread can be asked for. */
export type WorkerCall =
  | { readonly kind: "query"; readonly sql: string; readonly values: readonly SqlValue[] }
  | { readonly kind: "script"; readonly sql: string }
  | { readonly kind: "copy-in"; readonly sql: string; readonly bytes: Uint8Array }
  | { readonly kind: "copy-out"; readonly sql: string }
  | { readonly kind: "close" };

/** An error of the database as it crosses the threads; sqlState: five characters, absent when it was no SQL error. */
export interface WorkerFault {
  readonly message: string;
  readonly sqlState?: string;
  readonly severity?: string;
}

/** What came of a call. */
export interface WorkerAnswer {
  readonly rows: readonly unknown[];
  readonly affected: number;
  readonly bytes?: Uint8Array;
}

/** A reply; id 0 tells that the database is open (or could not be opened). */
export type WorkerReply = { readonly id: number } & (
  | { readonly ok: true; readonly answer: WorkerAnswer }
  | { readonly ok: false; readonly fault: WorkerFault }
);
