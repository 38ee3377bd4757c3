import { writeFileSync } from "node:fs";
import { Socket } from "node:net";
import { EdgeRuntimeError } from "../errors.ts";
import { type Frame, frameReader, writeFrame } from "./frame.ts";

/** What a child answers to one request. */
export interface ChildReply {
  readonly header: Frame["header"];
  readonly tensors?: Frame["tensors"];
}

/**
 * Serves a child host's requests on file descriptor 3, in order, until the parent goes away; errors travel with their code.
 */
export function serveRequests(
  maxFrameBytes: number,
  perform: (header: Frame["header"], tensors: Frame["tensors"]) => Promise<ChildReply>,
): void {
  offerToOutOfMemoryKiller();
  const socket = new Socket({ fd: 3, readable: true, writable: true });
  const reply = (id: unknown, { header, tensors = {} }: ChildReply) =>
    writeFrame(socket, { header: { id, ...header }, tensors }, maxFrameBytes);
  const answer = async ({ header, tensors }: Frame): Promise<void> => {
    try {
      reply(header.id, await perform(header, tensors));
    } catch (error) {
      reply(header.id, { header: { error: describe(error) } });
    }
  };
  let turn: Promise<void> = Promise.resolve();
  const read = frameReader(maxFrameBytes, (frame) => {
    turn = turn.then(() => answer(frame));
  });
  socket.on("data", read);
  socket.on("close", () => process.exit(0));
  socket.on("error", () => process.exit(1));
}

function describe(error: unknown): { readonly code: string; readonly message: string } {
  if (error instanceof EdgeRuntimeError) return { code: error.code, message: error.message };
  return { code: "run-failed", message: error instanceof Error ? error.message : String(error) };
}

/** When the machine runs out of memory, this process goes before the one that serves everybody. */
function offerToOutOfMemoryKiller(): void {
  try {
    writeFileSync("/proc/self/oom_score_adj", "500");
  } catch {
    // Not Linux, or not allowed: the memory limit of the parent stays.
  }
}
