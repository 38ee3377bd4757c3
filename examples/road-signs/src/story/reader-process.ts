import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { ExampleError } from "../errors.ts";
import type { ReaderReply, ReaderRequest } from "../reader/messages.ts";
import type { Viewpoint } from "../reader/playlist.ts";

const program = fileURLToPath(new URL("../reader/main.ts", import.meta.url));

/** The road-sign reader as a process of its own: the device. */
export interface Reader {
  /** @throws {ExampleError} `reader-failed` */
  ask<Kind extends ReaderReply["kind"]>(
    request: ReaderRequest,
    expected: Kind,
  ): Promise<Extract<ReaderReply, { kind: Kind }>>;
  close(): Promise<void>;
}

/**
 * Starts the reader on an enrolled device folder.
 * @throws {ExampleError} `reader-failed` when it does not come up
 */
export async function startReader(options: {
  readonly data: string;
  readonly field: string | undefined;
  readonly seed: number;
  readonly viewpoint: Viewpoint;
}): Promise<Reader> {
  const { data, seed, viewpoint } = options;
  const args = ["--data", data, "--seed", String(seed)];
  args.push("--camera", String(viewpoint.camera), "--cameras", String(viewpoint.cameras));
  if (options.field !== undefined) args.push("--field", options.field);
  const child = fork(program, args, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const replies = listen(child);
  const send = (id: number, request: ReaderRequest) =>
    new Promise<void>((resolve, reject) => {
      child.send({ id, request }, (error) => (error === null ? resolve() : reject(error)));
    });
  await replies.of(0);
  let lastId = 0;
  return {
    async ask(request, expected) {
      lastId += 1;
      const reply = replies.of(lastId);
      await send(lastId, request);
      return requireKind(await reply, expected);
    },
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      await exited;
    },
  };
}

function listen(child: ChildProcess): { of(id: number): Promise<ReaderReply> } {
  const waiting = new Map<number, (reply: ReaderReply) => void>();
  let ended: ReaderReply | undefined;
  child.on("message", ({ id, reply }: { id: number; reply: ReaderReply }) => {
    waiting.get(id)?.(reply);
    waiting.delete(id);
  });
  child.on("exit", (code, signal) => {
    ended = { kind: "failed", sentence: `Expected the reader to keep running, it ended with ${code ?? signal}.` };
    for (const resolve of waiting.values()) resolve(ended);
    waiting.clear();
  });
  return {
    of: (id) => (ended === undefined ? new Promise((resolve) => waiting.set(id, resolve)) : Promise.resolve(ended)),
  };
}

function requireKind<Kind extends ReaderReply["kind"]>(
  reply: ReaderReply,
  kind: Kind,
): Extract<ReaderReply, { kind: Kind }> {
  if (reply.kind === kind) return reply as Extract<ReaderReply, { kind: Kind }>; // the kind was compared
  throw new ExampleError(
    "reader-failed",
    reply.kind === "failed" ? reply.sentence : `Expected the reader to say "${kind}", it said "${reply.kind}".`,
  );
}
