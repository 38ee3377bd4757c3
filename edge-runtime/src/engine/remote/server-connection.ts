import { Agent, type ClientRequest, type IncomingMessage, type RequestOptions, request } from "node:http";
import { EdgeRuntimeError } from "../../errors.ts";
import { wholeBody } from "./whole-body.ts";

/** What is asked of a server. parts: the body, sent as it lies */
export interface Question {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly parts?: readonly Uint8Array[];
  readonly signal?: AbortSignal;
}

/** A server's answer, whatever its status. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Uint8Array;
}

/** One HTTP server over TCP or a Unix socket: kept-alive connections, bounded answers, named errors. */
export class ServerConnection {
  readonly address: string;
  readonly #to: RequestOptions;
  readonly #prefix: string;
  readonly #maxAnswerBytes: number;

  /**
   * address: `http://host:port[/path]`, or `unix:/path/of.sock`
   * @throws {EdgeRuntimeError} `server-unreachable` for an address that is neither
   */
  constructor(address: string, maxAnswerBytes: number) {
    this.address = address;
    this.#maxAnswerBytes = maxAnswerBytes;
    const agent = new Agent({ keepAlive: true, maxSockets: 4 });
    if (address.startsWith("unix:")) {
      this.#to = { agent, socketPath: address.slice("unix:".length) };
      this.#prefix = "";
      return;
    }
    const url = URL.parse(address);
    if (url?.protocol !== "http:") throw unreachable(address, "it is neither http://… nor unix:/…");
    this.#to = { agent, host: url.hostname.replace(/^\[|\]$/g, ""), port: url.port || 80 };
    this.#prefix = url.pathname.replace(/\/$/, "");
  }

  /**
   * Asks and waits for the whole answer.
   * @throws {EdgeRuntimeError} `server-unreachable`, `frame-too-large`, or the signal's reason
   */
  async ask(question: Question): Promise<Answer> {
    try {
      return await this.#once(question);
    } catch (error) {
      // A server may close an idle connection just as it is used again: then nothing was asked yet.
      if (!(error instanceof StaleConnection)) throw error;
      return await this.#once(question);
    }
  }

  close(): void {
    (this.#to.agent as Agent).destroy();
  }

  #once({ method, path, headers, parts = [], signal }: Question): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const length = parts.reduce((sum, part) => sum + part.byteLength, 0);
      const sent = request({
        ...this.#to,
        method,
        path: `${this.#prefix}/${path}`,
        headers: { ...headers, ...(method === "POST" && { "Content-Length": String(length) }) },
      });
      const giveUp = () => sent.destroy(signal?.reason as Error);
      signal?.addEventListener("abort", giveUp);
      const end = (settle: () => void) => {
        signal?.removeEventListener("abort", giveUp);
        settle();
      };
      sent.once("error", (error) => end(() => reject(this.#named(sent, error))));
      sent.once("response", (answer) => {
        wholeBody(answer, this.#maxAnswerBytes, () => this.#tooLarge()).then(
          (body) => end(() => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body })),
          (error: Error) => end(() => reject(this.#named(sent, error))),
        );
      });
      sent.cork();
      for (const part of parts) sent.write(part);
      sent.end();
    });
  }

  #tooLarge(): Error {
    return new EdgeRuntimeError(
      "frame-too-large",
      `The server at ${this.address} answers more than ${this.#maxAnswerBytes} bytes; ask for less at once.`,
    );
  }

  #named(sent: ClientRequest, error: Error): Error {
    if (error instanceof EdgeRuntimeError) return error;
    const { code } = error as NodeJS.ErrnoException;
    if (sent.reusedSocket && (code === "ECONNRESET" || code === "EPIPE")) return new StaleConnection();
    return unreachable(this.address, code ?? error.message, error);
  }
}

class StaleConnection extends Error {}

function unreachable(address: string, why: string, cause?: unknown): EdgeRuntimeError {
  return new EdgeRuntimeError(
    "server-unreachable",
    `Expected an inference server at ${address}, found none (${why}); start it, or name its address in engines.json.`,
    { cause },
  );
}
