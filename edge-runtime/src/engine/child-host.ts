import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { extname } from "node:path";
import type { Duplex } from "node:stream";
import { fileURLToPath } from "node:url";
import { EdgeRuntimeError, type EdgeRuntimeErrorCode } from "../errors.ts";
import type { EngineExit } from "./engine.ts";
import { type Frame, frameReader, writeFrame } from "./frame.ts";

/** What a child host runs and how much it may take. */
export interface ChildHostOptions {
  /** What the process is called in error sentences. */
  readonly noun: string;
  /** The child's program without its extension, beside this room's sources or build. */
  readonly program: URL;
  /** Passed to the program before the frame limit. */
  readonly args: readonly string[];
  readonly memoryBytes: number;
  readonly maxWaiting: number;
  readonly maxFrameBytes: number;
  readonly onExit?: (exit: EngineExit) => void;
}

interface Deadline {
  readonly ms: number;
  readonly code: "run-timeout" | "load-timeout";
}

interface Request {
  readonly id: number;
  readonly frame: Frame;
  readonly deadline: Deadline;
  readonly resolve: (reply: Frame) => void;
  readonly reject: (error: EdgeRuntimeError) => void;
}

const memoryCheckMs = 100;
const drainMs = 5_000;
const goodbyeMs = 1_000;
const stderrKeptChars = 4_096;
const pageBytes = 4_096;

/** A child process that answers framed requests: one on the wire at a time, the others wait in a bounded line. */
export class ChildHost {
  readonly pid: number;
  exit: EngineExit | undefined;
  readonly #limits: ChildHostOptions;
  readonly #child: ChildProcess;
  readonly #socket: Duplex;
  readonly #ended: Promise<void>;
  #waiting: Request[] = [];
  #current: Request | undefined;
  #timer: NodeJS.Timeout | undefined;
  #lastId = 0;
  #killedFor: EngineExit["reason"] | undefined;
  #closing: Promise<void> | undefined;
  #whenIdle: (() => void) | undefined;
  #stderr = "";

  constructor(limits: ChildHostOptions) {
    this.#limits = limits;
    this.#child = spawnChild(limits);
    this.pid = this.#child.pid ?? 0;
    // The fourth descriptor was asked for as a pipe, which Node gives as a two-way socket.
    this.#socket = this.#child.stdio[3] as Duplex;
    this.#listen();
    const memoryTimer = setInterval(() => this.#checkMemory(), memoryCheckMs).unref();
    this.#ended = new Promise((resolve) => {
      const end = (exitCode: number | null, signal: NodeJS.Signals | null) => {
        clearInterval(memoryTimer);
        this.#end(exitCode, signal);
        resolve();
      };
      this.#child.once("close", end);
      this.#child.once("error", (error) => {
        this.#stderr += String(error);
        if (this.pid === 0) end(null, null);
      });
    });
  }

  /** Sends one request after those before it; the deadline counts from the moment it is sent. */
  request(
    header: Frame["header"],
    tensors: Frame["tensors"],
    deadline: Deadline,
    { evenWhenFull = false } = {},
  ): Promise<Frame> {
    if (this.exit) return Promise.reject(this.#endError());
    if (this.#closing)
      return Promise.reject(
        new EdgeRuntimeError("engine-closed", `This ${this.#limits.noun} is closing; start another one.`),
      );
    if (this.#waiting.length >= this.#limits.maxWaiting && !evenWhenFull) {
      const sentence = `${this.#waiting.length} requests already wait for this ${this.#limits.noun}; wait for one to finish.`;
      return Promise.reject(new EdgeRuntimeError("engine-busy", sentence));
    }
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ id, frame: { header: { ...header, id }, tensors }, deadline, resolve, reject });
      this.#sendNext();
    });
  }

  residentBytes(): number {
    if (this.exit) return 0;
    try {
      return Number(readFileSync(`/proc/${this.pid}/statm`, "latin1").split(" ")[1]) * pageBytes;
    } catch {
      return 0;
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#drainAndEnd();
    return this.#closing;
  }

  async #drainAndEnd(): Promise<void> {
    if (this.#current) {
      const timer = setTimeout(() => this.#kill("closed"), drainMs);
      await Promise.race([new Promise<void>((resolve) => (this.#whenIdle = resolve)), this.#ended]);
      clearTimeout(timer);
    }
    this.#killedFor ??= "closed";
    this.#socket.end();
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), goodbyeMs);
    await this.#ended;
    clearTimeout(timer);
  }

  #listen(): void {
    const read = frameReader(this.#limits.maxFrameBytes, (frame) => this.#receive(frame));
    this.#socket.on("data", (chunk: Uint8Array) => {
      try {
        read(chunk);
      } catch (error) {
        this.#stderr += String(error);
        this.#kill("malformed-frame");
      }
    });
    // A broken pipe is told by the process's end, which follows.
    this.#socket.on("error", () => undefined);
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-stderrKeptChars);
    });
  }

  #sendNext(): void {
    if (this.#current) return;
    const next = this.#waiting.shift();
    if (next === undefined) {
      this.#whenIdle?.();
      return;
    }
    this.#current = next;
    try {
      writeFrame(this.#socket, next.frame, this.#limits.maxFrameBytes);
      this.#timer = setTimeout(() => this.#expire(next), next.deadline.ms);
    } catch (error) {
      this.#current = undefined;
      next.reject(asEdgeError(error));
      this.#sendNext();
    }
  }

  /** A late timer in a busy loop is no proof: the answer may lie unread, so the socket gets one more turn. */
  #expire(request: Request): void {
    setImmediate(() => {
      if (this.#current === request) this.#kill(request.deadline.code);
    });
  }

  #receive({ header, tensors }: Frame): void {
    const request = this.#current;
    if (request === undefined || header.id !== request.id)
      throw new EdgeRuntimeError("malformed-frame", `The ${this.#limits.noun} answered what was not asked.`);
    clearTimeout(this.#timer);
    this.#current = undefined;
    const error = header.error;
    if (error === undefined) request.resolve({ header, tensors });
    else request.reject(errorFromChild(error));
    this.#sendNext();
  }

  #checkMemory(): void {
    if (this.residentBytes() > this.#limits.memoryBytes) this.#kill("memory-exceeded");
  }

  #kill(reason: EngineExit["reason"]): void {
    this.#killedFor ??= reason;
    this.#child.kill("SIGKILL");
  }

  #end(exitCode: number | null, signal: NodeJS.Signals | null): void {
    this.exit = { reason: this.#killedFor ?? "crashed", exitCode, signal, stderr: this.#stderr.trim() };
    clearTimeout(this.#timer);
    const abandoned = this.#waiting;
    this.#waiting = [];
    this.#current?.reject(this.#endError(this.#current.deadline));
    this.#current = undefined;
    for (const request of abandoned) request.reject(this.#endError());
    this.#limits.onExit?.(this.exit);
  }

  #endError(deadline?: Deadline): EdgeRuntimeError {
    const { noun } = this.#limits;
    const { reason, exitCode, signal, stderr } = this.exit ?? {
      reason: "crashed",
      exitCode: null,
      signal: null,
      stderr: "",
    };
    if (reason === "closed")
      return new EdgeRuntimeError("engine-closed", `This ${noun} was closed; start another one.`);
    if (deadline && (reason === "run-timeout" || reason === "load-timeout")) {
      const work = reason === "run-timeout" ? "run" : "load";
      return new EdgeRuntimeError(
        reason,
        `A ${work} took longer than ${deadline.ms} ms, so the ${noun} was killed; start another one.`,
      );
    }
    if (reason === "memory-exceeded") {
      return new EdgeRuntimeError(
        reason,
        `The ${noun} passed its limit of ${this.#limits.memoryBytes} resident bytes and was killed; start another one.`,
      );
    }
    const how = signal ? `by ${signal}` : `with exit code ${exitCode}`;
    const why = reason === "crashed" ? "" : ` (${reason})`;
    return new EdgeRuntimeError(
      "engine-crashed",
      `The ${noun} ended ${how}${why}; start another one. ${lastLine(stderr)}`.trim(),
    );
  }
}

function spawnChild({ program, args, maxFrameBytes }: ChildHostOptions): ChildProcess {
  const file = `${fileURLToPath(program)}${extname(import.meta.filename)}`;
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  return spawn(process.execPath, [...inheritedConditions(), file, ...args, String(maxFrameBytes)], {
    env,
    stdio: ["ignore", "ignore", "pipe", "pipe"],
  });
}

/** The parent's `--conditions` decide whether rooms resolve to sources or to builds; other flags stay with the parent. */
function inheritedConditions(): readonly string[] {
  return process.execArgv.flatMap((flag, index, flags) => {
    if (flag.startsWith("--conditions=")) return [flag];
    if (flag === "--conditions" || flag === "-C") return [`--conditions=${flags[index + 1]}`];
    return [];
  });
}

function errorFromChild(error: unknown): EdgeRuntimeError {
  const { code, message } = error as { code: EdgeRuntimeErrorCode; message: string };
  return new EdgeRuntimeError(code, message);
}

function asEdgeError(error: unknown): EdgeRuntimeError {
  return error instanceof EdgeRuntimeError
    ? error
    : new EdgeRuntimeError("engine-crashed", String(error), { cause: error });
}

function lastLine(text: string): string {
  return text.split("\n").at(-1) ?? "";
}
