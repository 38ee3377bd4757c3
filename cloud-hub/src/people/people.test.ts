import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { createHubClient } from "../http/client/hub-client.ts";
import type { HubServer } from "../http/route-group.ts";
import { routeGroups } from "../http/routes.ts";
import { type RunningHub, startHub } from "../hub.ts";
import type { Hub } from "../hub-parts.ts";
import { sessionIdleMs } from "./people-book.ts";
import { type Role, roles } from "./role.ts";

let dir: string;
let hub: RunningHub;
let far: RunningHub;
let now = 1_760_000_000_000;
const clock = () => (now += 1);
const tokens = new Map<Role, string>();
const listen = { httpPort: 0, mqttPort: 0 };

before(async () => {
  dir = await mkdtemp(join(tmpdir(), "fieldloop-people-"));
  hub = await startHub({ dataDir: join(dir, "near"), listen, clock });
  far = await startHub({ dataDir: join(dir, "far"), listen: { ...listen, address: "127.0.0.2" }, clock });
  const admin = createHubClient({ url: hub.url, token: hub.token });
  for (const role of roles) tokens.set(role, (await admin.addPerson({ name: `the ${role}`, role })).token);
});
after(async () => {
  await hub.close();
  await far.close();
  await rm(dir, { recursive: true, force: true });
});

type Answer = {
  readonly status: number;
  readonly headers: Headers;
  readonly body: { code?: string; message?: string };
};

async function call(
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: object,
): Promise<Answer> {
  const stop = new AbortController();
  const response = await fetch(new URL(path, hub.url), {
    method,
    headers: { ...headers, ...(body === undefined ? {} : { "content-type": "application/json" }) },
    body: body === undefined ? null : JSON.stringify(body),
    signal: stop.signal,
  });
  if (response.headers.get("content-type")?.startsWith("text/event-stream")) {
    stop.abort();
    return { status: response.status, headers: response.headers, body: {} };
  }
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.startsWith("application/json");
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : {} };
}

type Route = { readonly method: string; readonly path: string; readonly access: string | undefined };

/** Every route as its group adds it. */
function everyRoute(): Route[] {
  const routes: Route[] = [];
  const add = (method: string) => (path: string, options: { config?: { access?: string } }) =>
    void routes.push({ method, path, access: options.config?.access });
  const recorder = {
    get: add("GET"),
    post: add("POST"),
    delete: add("DELETE"),
    put: add("PUT"),
    addHook: () => undefined,
  };
  // Groups add routes and look at nothing else of a server or a hub before a request comes.
  const idle = { publicKey: "k", changes: undefined } as unknown as Hub;
  for (const group of routeGroups) group(recorder as unknown as HubServer, idle);
  return routes;
}

/** The rule itself, written down once more: who may call a route on loopback. */
function holdsAccess(access: string, role: Role | undefined): boolean {
  if (access === "public" || access === "device" || access === "viewer") return true;
  return role !== undefined && roles.indexOf(role) >= roles.indexOf(access as Role);
}

test("every route says who may call it, and each role gets what it may and nothing else", async () => {
  const routes = everyRoute();
  assert.ok(routes.length > 50, `only ${routes.length} routes`);
  for (const { method, path, access } of routes) {
    assert.ok(access !== undefined, `${method} ${path} does not say who may call it`);
    const url = path.replace(/:digest|:sha256/, `sha256:${"0".repeat(64)}`).replace(/:\w+/, "nobody");
    for (const role of [undefined, ...roles]) {
      const headers: Record<string, string> = role === undefined ? {} : { authorization: `Bearer ${tokens.get(role)}` };
      const { status, body } = await call(
        method,
        url,
        headers,
        method === "GET" || method === "DELETE" ? undefined : {},
      );
      const isRefused = (status === 401 && path !== "/v1/session") || body.code === "forbidden";
      assert.equal(
        !isRefused,
        holdsAccess(access, role),
        `${method} ${path} as ${role ?? "nobody"}: ${status} ${body.message}`,
      );
    }
  }
});

test("away from loopback nobody reads without a token, and a role is not more there", async () => {
  const { url, fingerprint, token } = far;
  const admin = createHubClient({ url, fingerprint, token });
  const viewer = await admin.addPerson({ name: "Vera", role: "viewer" });
  await assert.rejects(createHubClient({ url, fingerprint }).overview(), { code: "unauthorized" });
  const client = createHubClient({ url, fingerprint, token: viewer.token });
  assert.equal((await client.overview()).samples.total, 0);
  await assert.rejects(client.addDevice({ device: "cam-1", profile: "x86-64" }), { code: "forbidden" });
});

async function signIn(token: string): Promise<{ cookie: string; set: string }> {
  const { status, headers } = await call("POST", "/v1/session", {}, { token });
  assert.equal(status, 200);
  const set = headers.get("set-cookie") ?? "";
  return { set, cookie: set.split(";")[0] ?? "" };
}

test("signing in sets a cookie that scripts and other sites never get, and tells who one is", async () => {
  const { set, cookie } = await signIn(tokens.get("labeller")!);
  assert.match(set, /HttpOnly; SameSite=Strict/);
  assert.doesNotMatch(set, /Secure/);
  assert.ok(!set.includes(tokens.get("labeller")!));
  const { body } = await call("GET", "/v1/session", { cookie });
  assert.deepEqual((body as { person?: unknown }).person, { name: "the labeller", role: "labeller" });
  const ended = await call("DELETE", "/v1/session", { cookie, origin: hub.url });
  assert.match(ended.headers.get("set-cookie") ?? "", /Max-Age=0/);
  const after = (await call("GET", "/v1/session", { cookie })).body as { person?: unknown; role?: string };
  assert.deepEqual([after.person, after.role], [null, "viewer"]);
});

test("a write by cookie must come from the hub's own page", async () => {
  const { cookie } = await signIn(tokens.get("operator")!);
  const device = { device: "cam-7", profile: "x86-64" };
  assert.equal((await call("POST", "/v1/devices", { cookie }, device)).body.code, "wrong-origin");
  const foreign = { cookie, origin: "http://evil.example" };
  assert.equal((await call("POST", "/v1/devices", foreign, device)).body.code, "wrong-origin");
  const sibling = { cookie, origin: hub.url, "sec-fetch-site": "same-site" };
  assert.equal((await call("POST", "/v1/devices", sibling, device)).body.code, "wrong-origin");
  assert.equal((await call("POST", "/v1/devices", { cookie, origin: hub.url }, device)).status, 201);
});

test("a revoked person is out at the next request, and so is a session left alone for half a day", async () => {
  const admin = createHubClient({ url: hub.url, token: hub.token });
  const { token } = await admin.addPerson({ name: "Otto", role: "operator" });
  await assert.rejects(admin.addPerson({ name: "otto", role: "admin" }), { code: "already-there" });
  await assert.rejects(admin.addPerson({ name: "Hub", role: "admin" }), { code: "bad-request" });
  const { cookie } = await signIn(token);
  const headers = { cookie, origin: hub.url };
  assert.equal((await call("POST", "/v1/runs", headers, {})).status, 400);
  await admin.revokePerson("Otto");
  assert.equal((await call("POST", "/v1/runs", headers, {})).status, 401);
  assert.equal((await call("POST", "/v1/session", {}, { token })).status, 401);
  await assert.rejects(admin.revokePerson("Otto"), { code: "not-found" });

  const idle = await signIn(tokens.get("operator")!);
  now += sessionIdleMs + 1;
  assert.equal((await call("POST", "/v1/runs", { cookie: idle.cookie, origin: hub.url }, {})).status, 401);
});

test("people and sessions outlive the hub, and their tokens stand nowhere in its folder's tables", async () => {
  const { cookie } = await signIn(tokens.get("admin")!);
  const byToken = await signIn(hub.token);
  await hub.close();
  hub = await startHub({ dataDir: join(dir, "near"), listen, clock });
  for (const each of [cookie, byToken.cookie]) {
    const { body } = await call("GET", "/v1/session", { cookie: each });
    assert.equal((body as { role?: string }).role, "admin");
  }
});

test("after ten wrong tokens a sign-in is slowed, right or wrong, and those who are in stay in", async () => {
  const wrong = () => call("POST", "/v1/session", {}, { token: "wrong" });
  for (let tries = 0; tries < 10; tries += 1) assert.equal((await wrong()).status, 401);
  const [slowed, right] = [await wrong(), await call("POST", "/v1/session", {}, { token: hub.token })];
  assert.deepEqual([slowed.status, right.status], [429, 429]);
  assert.equal(slowed.body.message, right.body.message);
  assert.ok(Number(slowed.headers.get("retry-after")) >= 1);
  assert.ok((await createHubClient({ url: hub.url, token: hub.token }).people()).length > 0);
  now += 6000;
  assert.equal((await call("POST", "/v1/session", {}, { token: hub.token })).status, 200);
});
