import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import Fastify, { type FastifyInstance } from "fastify";
import { createPageServer } from "./page.ts";

let dir: string;
let server: FastifyInstance;

before(async () => {
  dir = await mkdtemp(join(tmpdir(), "fieldloop-page-"));
  await writeFile(join(dir, "secret.txt"), "secret");
  server = Fastify();
  server.setNotFoundHandler(createPageServer(join(dir, "dist")));
});
after(async () => {
  await server.close();
  await rm(dir, { recursive: true, force: true });
});

const get = (url: string) => server.inject({ method: "GET", url });

test("without a built page one sentence says how to build it", async () => {
  const answer = await get("/");
  assert.equal(answer.statusCode, 404);
  assert.match(answer.body, /not built; run "npm run/);
});

test("the page's own routes are index.html under a policy whose nonce is the page's and new each time", async () => {
  await mkdir(join(dir, "dist", "assets"), { recursive: true });
  await writeFile(join(dir, "dist", "index.html"), '<meta name="csp-nonce" content="__CSP_NONCE__">');
  await writeFile(join(dir, "dist", "assets", "main-1a2b.js"), "export {};");
  const nonces = new Set<string>();
  for (const path of ["/", "/samples", "/devices/cam-1?x=1", "/index.html", "/samples/"]) {
    const { statusCode, headers, body } = await get(path);
    assert.equal(statusCode, 200, path);
    const nonce = /content="([\w-]+)"/.exec(body)?.[1] ?? "";
    const policy = String(headers["content-security-policy"]);
    assert.ok(policy.includes(`'nonce-${nonce}'`));
    assert.match(policy, /default-src 'none'; script-src 'self';/);
    assert.doesNotMatch(policy, /unsafe/);
    assert.equal(headers["cache-control"], "no-cache");
    nonces.add(nonce);
  }
  assert.equal(nonces.size, 5);
});

test("hashed assets are kept for good, missing ones are no page, and a page built anew is served anew", async () => {
  const asset = await get("/assets/main-1a2b.js");
  assert.match(String(asset.headers["cache-control"]), /immutable/);
  assert.match(String(asset.headers["content-type"]), /javascript/);
  assert.equal((await get("/assets/gone.js")).statusCode, 404);
  await writeFile(join(dir, "dist", "assets", "main-3c4d.js"), "export {};");
  await writeFile(join(dir, "dist", "index.html"), "new");
  assert.equal((await get("/assets/main-3c4d.js")).statusCode, 200);
  assert.equal((await get("/")).body, "new");
});

test("nothing outside the page's folder can be had", async () => {
  for (const path of [
    "/../secret.txt",
    "/assets/../../secret.txt",
    "/%2e%2e/secret.txt",
    "/..%2fsecret.txt",
    "/assets/..%5c..%5csecret.txt",
    "//secret.txt",
    "/\0secret.txt",
  ]) {
    const { body } = await get(path).catch(() => ({ body: "refused" }));
    assert.ok(!body.includes("secret") || body.includes("not-found"), path);
    assert.notEqual(body, "secret", path);
  }
});
