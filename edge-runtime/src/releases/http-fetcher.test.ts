import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { encodeMessage, generateKeyPair } from "@fieldloop/devices";
import { startInlineEngine } from "../engine/inline-engine.ts";
import { httpFetcher } from "./http-fetcher.ts";
import { openReleases } from "./release-store.ts";
import { desire, makeTinyRelease } from "./tiny-release.ts";

const keys = generateKeyPair();
const release = await makeTinyRelease(keys);
const root = await mkdtemp(join(tmpdir(), "fieldloop-fetch-"));
after(() => rm(root, { recursive: true, force: true }));
const hub = { fleet: "plant", device: "reader-1", credential: "secret" };

interface HubFaults {
  /** Bytes after which a blob's connection is cut, once each. */
  readonly cutAfter?: number;
  readonly ignoresRange?: boolean;
  readonly status?: number;
}

function answer(faults: HubFaults, seen: IncomingMessage[]) {
  const cut = new Set<string>();
  return (asked: IncomingMessage, reply: ServerResponse) => {
    seen.push(asked);
    const url = asked.url ?? "";
    if (faults.status || asked.headers.authorization !== "Device plant/reader-1:secret") {
      reply.writeHead(faults.status ?? 401).end();
    } else if (url === `/v1/releases/${encodeURIComponent(release.digest)}/manifest`) {
      reply.end(encodeMessage("signed", release.signed));
    } else {
      const bytes = release.blobs.get(`sha256:${url.split("/").at(-1)}`) ?? new Uint8Array(0);
      const from = faults.ignoresRange ? 0 : Number(/bytes=(\d+)-/.exec(asked.headers.range ?? "")?.[1] ?? 0);
      if (from > 0) reply.writeHead(206, { "content-range": `bytes ${from}-${bytes.length - 1}/${bytes.length}` });
      const isCut = faults.cutAfter !== undefined && !cut.has(url) && bytes.length > faults.cutAfter;
      cut.add(url);
      if (!isCut) reply.end(bytes.subarray(from));
      else reply.write(bytes.subarray(from, faults.cutAfter), () => setTimeout(() => reply.destroy(), 20));
    }
  };
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  after(() => server.close());
  return (server.address() as AddressInfo).port;
}

let folders = 0;
async function offerFrom(url: string, more: { credential?: string; fingerprint?: string } = {}) {
  folders += 1;
  const store = await openReleases({
    dir: join(root, `device-${folders}`),
    hubKey: keys.publicKey,
    fleet: "plant",
    device: "reader-1",
    profile: "x86-64",
    startEngine: () => startInlineEngine(),
    wait: async () => undefined,
  });
  const result = await store.offer(desire(keys, release.digest, 1), httpFetcher({ url, ...hub, ...more }));
  await store.close();
  return result;
}

test("a device fetches a release with its credential and goes on where a download was cut", async () => {
  const seen: IncomingMessage[] = [];
  const port = await listening(createServer(answer({ cutAfter: 150 }, seen)));
  assert.equal((await offerFrom(`http://127.0.0.1:${port}`)).accepted, true);
  const ranges = seen.map(({ headers }) => headers.range).filter((range) => range !== undefined);
  assert.ok(ranges.length > 0 && ranges.every((range) => range === "bytes=150-"), ranges.join(" "));
});

test("a device starts a download again where the hub cannot resume it", async () => {
  const port = await listening(createServer(answer({ cutAfter: 150, ignoresRange: true }, [])));
  assert.equal((await offerFrom(`http://127.0.0.1:${port}`)).accepted, true);
});

test("a device tells a wrong credential, a silent hub and a missing release apart from a broken one", async () => {
  const port = await listening(createServer(answer({}, [])));
  const wrong = await offerFrom(`http://127.0.0.1:${port}`, { credential: "guess" });
  assert.ok(!wrong.accepted && wrong.code === "incomplete" && /401; enrol/.test(wrong.reason));
  const gone = await offerFrom("http://127.0.0.1:1");
  assert.ok(!gone.accepted && gone.code === "incomplete" && /ECONNREFUSED/.test(gone.reason));
  const missing = await listening(createServer(answer({ status: 404 }, [])));
  const none = await offerFrom(`http://127.0.0.1:${missing}`);
  assert.ok(!none.accepted && none.code === "incomplete" && /404/.test(none.reason));
});

const certificate = `-----BEGIN CERTIFICATE-----
MIIBjTCCATSgAwIBAgIUXlnM345FZoOVuwskwaeUywpnVp0wCgYIKoZIzj0EAwIw
EzERMA8GA1UEAwwIaHViLnRlc3QwIBcNMjYxMTI0MjM1OTMyWhgPMjEyNjEwMzEy
MzU5MzJaMBMxETAPBgNVBAMMCGh1Yi50ZXN0MFkwEwYHKoZIzj0CAQYIKoZIzj0D
AQcDQgAEQmo3w1/Nh92XKnvcMg1iqXvHwKN682ls0kxQs/BdlthE8Kirw5UzMpyf
ECGSVGhEyJ54FQOgv2mu3cH+yIKbO6NkMGIwHQYDVR0OBBYEFFPxrLuOdrEi7wUA
hWpbBC8Ka2ibMB8GA1UdIwQYMBaAFFPxrLuOdrEi7wUAhWpbBC8Ka2ibMA8GA1Ud
EwEB/wQFMAMBAf8wDwYDVR0RBAgwBocEfwAAATAKBggqhkjOPQQDAgNHADBEAiBy
bb9xEny93t86EN/zinGw42oBPpZqCP/3scZTJUEK7AIgXREOgSMLF9gqdwH+F/2F
yz5YlkO9utgFestgeSR59Ds=
-----END CERTIFICATE-----
`;
const certificateKey = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgezobgYtXocSEqlIn
BRpRTa0S0F2mF2GzMj/vNJfM4mahRANCAARCajfDX82H3Zcqe9wyDWKpe8fAo3rz
aWzSTFCz8F2W2ETwqKvDlTMynJ8QIZJUaETInngVA6C/aa7dwf7Igps7
-----END PRIVATE KEY-----
`;

test("a device trusts exactly the certificate it pinned, and sends its credential to no other", async () => {
  const seen: IncomingMessage[] = [];
  const port = await listening(createTlsServer({ cert: certificate, key: certificateKey }, answer({}, seen)));
  const fingerprint = new X509Certificate(certificate).fingerprint256.replaceAll(":", "").toLowerCase();
  assert.equal((await offerFrom(`https://127.0.0.1:${port}`, { fingerprint })).accepted, true);
  const asked = seen.length;
  const other = await offerFrom(`https://127.0.0.1:${port}`, { fingerprint: "00".repeat(32) });
  assert.ok(!other.accepted && other.code === "incomplete" && /certificate/.test(other.reason));
  const unpinned = await offerFrom(`https://127.0.0.1:${port}`);
  assert.equal(unpinned.accepted, false);
  assert.equal(seen.length, asked);
});
