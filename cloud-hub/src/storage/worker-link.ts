import { Worker } from "node:worker_threads";
import { HubError } from "../errors.ts";
import { sharedWords } from "./durable-fs.ts";
import type { WorkerAnswer, WorkerCall, WorkerFault, WorkerReply, WorkerSetup } from "./worker-protocol.ts";

const program = new URL("./pglite-worker.ts", import.meta.url);

type Waiting = { readonly resolve: (answer: WorkerAnswer) => void; readonly reject: (error: HubError) => void };

/**
 * One life of the database's thread, from opening to closing or to the first fatal error; after that every call is refused,
 * for a PGlite that panicked spins forever on the next statement.
 */
export class WorkerLink {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #limitMs: number;
  #lastId = 0;
  #lost: HubError | undefined;

  private constructor(setup: WorkerSetup, limitMs: number) {
    this.#limitMs = limitMs;
    this.#worker = new Worker(program, { workerData: setup, stdout: true, stderr: true });
    this.#worker.on("message", (reply: WorkerReply) => this.#receive(reply));
    this.#worker.on("error", (error) => this.#lose({ message: error.message }));
    this.#worker.on("exit", () => this.#lose({ message: "its thread ended" }));
  }

  /** Opens the database of a folder. @throws {HubError} `sql-lost`, `disk-full` */
  static async open(setup: WorkerSetup, limitMs: number): Promise<WorkerLink> {
    const link = new WorkerLink(setup, limitMs);
    await link.#expect(0);
    return link;
  }

  get isLost(): boolean {
    return this.#lost !== undefined;
  }

  call(call: WorkerCall): Promise<WorkerAnswer> {
    if (this.#lost !== undefined) return Promise.reject(this.#lost);
    this.#lastId += 1;
    const answer = this.#expect(this.#lastId);
    this.#worker.postMessage({ id: this.#lastId, ...call });
    return answer;
  }

  /** Ends the thread at once, as a crash would. */
  async kill(why: string): Promise<void> {
    this.#lose({ message: why });
    await this.#worker.terminate();
  }

  async close(): Promise<void> {
    await this.call({ kind: "close" });
    await this.kill("it was closed");
  }

  async #expect(id: number): Promise<WorkerAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<WorkerAnswer>();
    this.#waiting.set(id, { resolve, reject });
    const late = () => this.#lose({ message: `a statement took longer than ${this.#limitMs} ms` });
    const limit = setTimeout(late, this.#limitMs);
    try {
      return await promise;
    } finally {
      clearTimeout(limit);
    }
  }

  #receive(reply: WorkerReply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (reply.ok) {
      waiting?.resolve(reply.answer);
      return;
    }
    const isFatal = reply.id === 0 || isFatalFault(reply.fault);
    waiting?.reject(toError(reply.fault, isFatal));
    if (isFatal) this.#lose(reply.fault);
  }

  #lose(fault: WorkerFault): void {
    if (this.#lost !== undefined) return;
    this.#lost = toError(fault, true);
    for (const { reject } of this.#waiting.values()) reject(this.#lost);
    this.#waiting.clear();
    void this.#worker.terminate();
  }
}

/** The words that a thread and its owner share. */
export const newCounts = (): Int32Array =>
  new Int32Array(new SharedArrayBuffer(sharedWords.length * Int32Array.BYTES_PER_ELEMENT));

/** The SQLSTATE of whatever a database call threw, where it was an SQL error. */
export function sqlStateOf(error: unknown): string | undefined {
  const cause = error instanceof HubError ? (error.cause as Partial<WorkerFault> | undefined) : undefined;
  return cause?.sqlState;
}

function isFatalFault({ sqlState, severity }: WorkerFault): boolean {
  return sqlState === undefined || severity === "PANIC" || severity === "FATAL" || /^(XX|57P0|58)/.test(sqlState);
}

function toError(fault: WorkerFault, isFatal: boolean): HubError {
  const isFull = fault.sqlState === "53100" || /No space left on device/i.test(fault.message);
  const options = { cause: fault };
  if (isFull)
    return new HubError("disk-full", `Expected room on the disk for the database, but it is full; free some.`, options);
  return isFatal
    ? new HubError(
        "sql-lost",
        `Expected the database to go on, but it stopped (${fault.message}); it is opened again.`,
        options,
      )
    : new HubError("sql-failed", `Expected the database to run a statement, but got: ${fault.message}.`, options);
}
