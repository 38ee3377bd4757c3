import { existsSync } from "node:fs";
import { join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import { PGlite } from "@electric-sql/pglite";
import { vector } from "@electric-sql/pglite-pgvector";
import { DurableFs, durableStartParams } from "./durable-fs.ts";
import type { WorkerAnswer, WorkerCall, WorkerFault, WorkerRequest, WorkerSetup } from "./worker-protocol.ts";

const int8 = 20;
const port = parentPort!;
const { dir, counts, create } = workerData as WorkerSetup; // sent by WorkerLink

const nothing: WorkerAnswer = { rows: [], affected: 0 };

async function open(): Promise<PGlite> {
  // PGlite would make a new database in silence; its own noInitDb opens one that spins on the first statement.
  if (!create && !existsSync(join(dir, "PG_VERSION"))) throw new Error(`there is no database in ${dir}`);
  const database = new PGlite({
    fs: new DurableFs(dir, counts),
    extensions: { vector },
    startParams: durableStartParams(PGlite),
    parsers: { [int8]: Number },
  });
  await database.waitReady;
  return database;
}

async function answer(database: PGlite, call: WorkerCall): Promise<WorkerAnswer> {
  switch (call.kind) {
    case "query": {
      const { rows, affectedRows = 0 } = await database.query(call.sql, [...call.values]);
      return { rows, affected: affectedRows };
    }
    case "script":
      await database.exec(call.sql);
      return nothing;
    case "copy-in":
      await database.query(call.sql, [], { blob: new Blob([call.bytes as Uint8Array<ArrayBuffer>]) });
      return nothing;
    case "copy-out": {
      const { blob } = await database.query(call.sql);
      return { ...nothing, bytes: new Uint8Array((await blob?.arrayBuffer()) ?? new ArrayBuffer(0)) };
    }
    case "close":
      await database.close();
      return nothing;
  }
}

function faultOf(error: unknown): WorkerFault {
  const { message, code, severity } = error as { message?: unknown; code?: unknown; severity?: unknown };
  return {
    message: typeof message === "string" ? message : String(error),
    sqlState: typeof code === "string" && /^[0-9A-Z]{5}$/.test(code) ? code : undefined,
    severity: typeof severity === "string" ? severity : undefined,
  };
}

try {
  const database = await open();
  let turn: Promise<unknown> = Promise.resolve();
  port.on("message", ({ id, ...call }: WorkerRequest) => {
    turn = turn.then(async () => {
      try {
        port.postMessage({ id, ok: true, answer: await answer(database, call) });
        if (call.kind === "close") port.close();
      } catch (error) {
        port.postMessage({ id, ok: false, fault: faultOf(error) });
      }
    });
  });
  port.postMessage({ id: 0, ok: true, answer: nothing });
} catch (error) {
  port.postMessage({ id: 0, ok: false, fault: faultOf(error) });
}
