import { randomBytes } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { extname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import type { FastifyReply, FastifyRequest } from "fastify";

/** Where the page lies once it is built. */
export const builtPage = fileURLToPath(new URL("../../web/dist/", import.meta.url));

const contentTypes: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".webmanifest": "application/manifest+json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
  ".txt": "text/plain; charset=utf-8",
};
const filesAtMost = 2000;

/** The files of a built page by their path in the URL; only what stands here is ever read. */
type Files = { readonly builtAt: number; readonly paths: ReadonlyMap<string, string> };

/** Answers a GET for the page: a file of it, or index.html for the routes that the page itself knows. */
export type PageServer = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>;

/** Serves the page that was built into a folder; it is listed anew when it was built anew. */
export function createPageServer(folder: string = builtPage): PageServer {
  let files: Files | undefined;
  return async (request, reply) => {
    void reply.headers(pageHeaders);
    const builtAt = await stat(join(folder, "index.html")).then(
      ({ mtimeMs }) => mtimeMs,
      () => undefined,
    );
    if (builtAt === undefined) return notBuilt(reply);
    if (files?.builtAt !== builtAt) files = { builtAt, paths: await listFiles(folder) };
    const path = request.url.split("?", 1)[0] ?? "/";
    const file = files.paths.get(path);
    if (file !== undefined && path !== "/index.html") return sendFile(reply, path, file);
    if (extname(path) !== "" && path !== "/index.html") return notThere(request, reply);
    return sendIndex(reply, join(folder, "index.html"));
  };
}

const pageHeaders = {
  "referrer-policy": "no-referrer",
  "x-frame-options": "DENY",
  "cross-origin-opener-policy": "same-origin",
  "permissions-policy": "camera=(), microphone=(), geolocation=()",
} as const;

/** Nothing but the page's own files, and styles that carry this answer's nonce. Source: CSP Level 3. */
function contentSecurityPolicy(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' blob: data:",
    "connect-src 'self'",
    "font-src 'self'",
    "manifest-src 'self'",
    "worker-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join("; ");
}

async function sendIndex(reply: FastifyReply, file: string): Promise<FastifyReply> {
  const nonce = randomBytes(16).toString("base64url");
  const text = (await readFile(file, "utf8")).replaceAll("__CSP_NONCE__", nonce);
  return reply
    .type(contentTypes[".html"]!)
    .header("cache-control", "no-cache")
    .header("content-security-policy", contentSecurityPolicy(nonce))
    .send(text);
}

async function sendFile(reply: FastifyReply, path: string, file: string): Promise<FastifyReply> {
  // The build names what lies under assets/ by its content.
  const isHashed = path.startsWith("/assets/");
  return reply
    .type(contentTypes[extname(file)] ?? "application/octet-stream")
    .header("cache-control", isHashed ? "public, max-age=31536000, immutable" : "no-cache")
    .header("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
    .send(await readFile(file));
}

async function listFiles(folder: string): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).slice(0, filesAtMost);
  return new Map(
    files.map((entry) => {
      const file = join(entry.parentPath, entry.name);
      return [`/${relative(folder, file).split(sep).map(encodeURIComponent).join("/")}`, file];
    }),
  );
}

const notBuilt = (reply: FastifyReply): FastifyReply =>
  reply
    .status(404)
    .type("text/plain; charset=utf-8")
    .send(
      'The page is not built; run "npm run build-page" in the repository, or use the API described by /v1/openapi.json.\n',
    );

const notThere = (request: FastifyRequest, reply: FastifyReply): FastifyReply =>
  reply.status(404).send({
    code: "not-found",
    message: `Expected a file of the page or a route of /v1/openapi.json, got ${request.method} ${request.url}.`,
  });
