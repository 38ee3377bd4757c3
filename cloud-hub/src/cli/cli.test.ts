import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { seededRandom } from "@fieldloop/compiler/statistics";
import { createHubClient } from "../http/client/hub-client.ts";
import { type RunningHub, startHub } from "../hub.ts";
import { tinyClasses, tinyImage } from "../tiny-world.ts";

const program = fileURLToPath(new URL("./main.ts", import.meta.url));
const listen = { httpPort: 0, mqttPort: 0 };
let dir: string;
let hub: RunningHub;

before(async () => {
  dir = await mkdtemp(join(tmpdir(), "fieldloop-cli-"));
  hub = await startHub({ dataDir: join(dir, "hub"), listen });
});
after(async () => {
  await hub.close();
  await rm(dir, { recursive: true, force: true });
});

type Ended = { readonly code: number | null; readonly out: string; readonly err: string };

function fieldloop(args: readonly string[], data = join(dir, "hub")): Promise<Ended> {
  const isLocal = args[0] === "restore" || args[0] === "hub";
  const where = isLocal ? ["--data", data] : ["--data", data, "--hub", hub.url];
  const child = spawn(process.execPath, ["--conditions=fieldloop", program, ...args, ...where]);
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    err += chunk.toString();
  });
  return new Promise((resolve) => child.once("close", (code) => resolve({ code, out, err })));
}

async function json<T>(args: readonly string[]): Promise<T> {
  const { code, out, err } = await fieldloop([...args, "--json"]);
  assert.equal(code, 0, err);
  return JSON.parse(out) as T;
}

test("devices, images of a folder, labels and a snapshot go through the command, each as one JSON value", async () => {
  const added = await json<{ code: string }>(["devices", "add", "cam-1", "--profile", "x86-64"]);
  assert.match(added.code, /^fl1_/);
  const random = seededRandom("cli");
  for (const [index, name] of tinyClasses.entries()) {
    await mkdir(join(dir, "signs", name), { recursive: true });
    for (let each = 0; each < 3; each += 1) {
      await writeFile(join(dir, "signs", name, `${each}.png`), await tinyImage(index, 1, random));
    }
  }
  const imported = await json<{ imported: number }>(["samples", "import", join(dir, "signs"), "--head", "side"]);
  assert.equal(imported.imported, 12);
  const page = await json<{ samples: { id: string }[] }>(["samples", "list", "--query", "split=train,labelled=true"]);
  assert.equal(page.samples.length, 12);
  const id = page.samples[0]!.id;
  const label = ["labels", "set", "--sample", id, "--head", "side", "--class", "left", "--author", "ada"];
  const answered = await json<{ recorded: number; samples: number }>(label);
  assert.deepEqual([answered.recorded, answered.samples], [1, 1]);
  const ada = await json<{ token: string }>(["people", "add", "Ada", "--role", "labeller"]);
  assert.match(ada.token, /^[\w-]{43}$/);
  const people = await json<{ name: string; role: string }[]>(["people", "list"]);
  assert.deepEqual(
    people.map(({ name, role }) => [name, role]),
    [["Ada", "labeller"]],
  );
  const snapshot = await json<{ counts: { members: number } }>([
    "snapshot",
    "create",
    "first",
    "--old",
    "source=import",
  ]);
  assert.equal(snapshot.counts.members, 12);
});

test("an error is one sentence on standard error and a non-zero exit", async () => {
  const wrong = await fieldloop(["samples", "import", join(dir, "nowhere"), "--head", "side"]);
  assert.deepEqual([wrong.code, wrong.out], [1, ""]);
  assert.match(
    wrong.err,
    /^fieldloop: Expected one folder of images per class in .*nowhere, found no such folder\.\n$/,
  );
  assert.match((await fieldloop(["devices", "list"], join(dir, "other"))).out, /cam-1/);
  const denied = await fieldloop(["devices", "add", "cam-2"], join(dir, "other"));
  assert.equal(denied.code, 1);
  assert.match(denied.err, /Bearer TOKEN/);
});

test("a backup with its passphrase makes the same hub again, keys included", async () => {
  await writeFile(join(dir, "passphrase"), "a long enough passphrase\n");
  const file = join(dir, "hub.backup");
  const sealed = ["--passphrase-file", join(dir, "passphrase")];
  const report = await json<{ verified: boolean; secrets: string }>(["backup", file, ...sealed]);
  assert.deepEqual([report.verified, report.secrets], [true, "encrypted"]);
  const restored = join(dir, "again");
  const ended = await fieldloop(["restore", file, ...sealed], restored);
  assert.equal(ended.code, 0, ended.err);
  const again = await startHub({ dataDir: restored, listen });
  const [before, now] = [createHubClient({ url: hub.url }), createHubClient({ url: again.url, token: again.token })];
  assert.equal(again.token, hub.token);
  assert.equal((await now.health()).hubPublicKey, (await before.health()).hubPublicKey);
  assert.deepEqual(await now.devices(), await before.devices());
  assert.deepEqual(await now.samples({ limit: 100 }), await before.samples({ limit: 100 }));
  await again.close();

  const keyless = join(dir, "keyless");
  assert.equal((await fieldloop(["restore", file], keyless)).code, 0);
  await assert.rejects(startHub({ dataDir: keyless, listen }), { code: "bad-data-folder", message: /passphrase/ });
});

test("the hub command answers with one JSON line and ends cleanly by a signal", async () => {
  const args = [
    "--conditions=fieldloop",
    program,
    "hub",
    "--data",
    join(dir, "own"),
    "--port",
    "0",
    "--mqtt-port",
    "0",
    "--json",
  ];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const line = await new Promise<string>((resolve) =>
    child.stdout.once("data", (chunk: Buffer) => resolve(chunk.toString())),
  );
  const { url } = JSON.parse(line) as { url: string };
  assert.equal((await createHubClient({ url }).health()).ok, true);
  child.kill("SIGTERM");
  assert.equal(await new Promise((resolve) => child.once("close", resolve)), 0);
});
