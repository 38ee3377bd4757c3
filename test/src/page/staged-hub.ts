import { existsSync, readFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Answers, answersOf, imageOf } from "./staged-answers.ts";

const dist = fileURLToPath(new URL("../../../cloud-hub/web/dist/", import.meta.url));

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};

/** How the stage behaves: it answers, answers nothing but emptiness, fails, or keeps everybody waiting. */
export type Mood = "full" | "empty" | "failing" | "waiting";

/** A hub made of prepared answers, for looking at every state of every page. silence: it stops answering altogether */
export type StagedHub = {
  readonly url: string;
  readonly become: (mood: Mood) => void;
  readonly answers: Answers;
  readonly close: () => Promise<void>;
};

/** As the hub's own, so that what it forbids is found here too. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/** Serves the built page and the prepared answers on a free port. */
export async function startStagedHub(): Promise<StagedHub> {
  let mood: Mood = "full";
  const answers = answersOf(Date.now());
  const streams = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://stage");
    if (url.pathname === "/v1/events") openStream(response, streams);
    else if (/^\/v1\/samples\/[^/]+\/image$/.test(url.pathname)) sendImage(response, url.pathname);
    else if (url.pathname.startsWith("/v1/")) answer(response, mood, answers, url);
    else sendPage(response, url.pathname);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // it listens on a port
  return {
    url: `http://127.0.0.1:${port}`,
    answers,
    become: (next) => {
      mood = next;
    },
    close: () => {
      for (const stream of streams) stream.destroy();
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function openStream(response: ServerResponse, streams: Set<ServerResponse>): void {
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  response.write("retry: 1000\n\n");
  streams.add(response);
  response.on("close", () => streams.delete(response));
}

function answer(response: ServerResponse, mood: Mood, answers: Answers, url: URL): void {
  if (url.pathname === "/v1/session") send(response, 200, answers.session);
  else if (url.pathname === "/v1/health") send(response, 200, { ok: true });
  else if (mood === "failing") {
    const message = "The database is starting again; ask once more in a few seconds.";
    send(response, 503, { code: "sql-lost", message });
  } else if (mood !== "waiting") {
    const body = answers.read(url, mood === "empty");
    const message = `Expected something of this fleet, found nothing at ${url.pathname}.`;
    if (body === undefined) send(response, 404, { code: "not-found", message });
    else send(response, 200, body);
  }
}

function sendImage(response: ServerResponse, path: string): void {
  response.setHeader("content-type", "image/svg+xml");
  response.end(imageOf(path));
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

function sendPage(response: ServerResponse, path: string): void {
  const file = join(dist, path);
  const isFile = extname(path) !== "" && file.startsWith(dist) && existsSync(file);
  const chosen = isFile ? file : join(dist, "index.html");
  response.writeHead(200, {
    "content-type": types[extname(chosen)] ?? "application/octet-stream",
    "content-security-policy": policy,
  });
  response.end(readFileSync(chosen));
}
