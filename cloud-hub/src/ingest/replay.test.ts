import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { encodeMessage } from "@fieldloop/devices";
import { openHubStore } from "../storage/hub-store.ts";
import { TinyDevice, tinySample } from "./tiny-device.ts";

test("stores what came before a hello that says it was released, also when all of it is replayed at once", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "fieldloop-replay-"));
  const device = new TinyDevice();
  const samples = [1, 2, 3].map((seq) => tinySample(seq));
  const hello = {
    v: 1,
    profile: "x86-64",
    simulated: false,
    runtimeVersion: "0.1.0",
    engine: "onnxruntime",
    epoch: device.epoch,
    release: null,
    desiredNumber: 0,
    startedAt: 1_700_000_000_000,
    frames: 3,
    journal: { samples: { lastSeq: 3, releasedUpTo: 3, waiting: 0, waitingBytes: 0, evicted: 0 } },
  } as const;
  const first = await openHubStore({ dataDir, appliers: {} });
  await first.store(device.arrivalOf("samples", samples));
  await first.idle();
  await first.store(device.arrival(encodeMessage("hello", hello), "hello"));
  await first.close();

  await rm(join(dataDir, "sql"), { recursive: true });
  const again = await openHubStore({ dataDir, appliers: {} });
  const { rows } = await again.db.query<{ samples: number; gaps: number }>(
    "select (select count(*) from samples)::int as samples, (select count(*) from gaps)::int as gaps",
  );
  await again.close();
  await rm(dataDir, { recursive: true });
  assert.deepEqual(rows, [{ samples: 3, gaps: 0 }]);
});
