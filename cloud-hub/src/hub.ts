import { networkInterfaces } from "node:os";
import { resolve } from "node:path";
import { encodePublicKey } from "@fieldloop/devices";
import { decisionAppliers } from "./decision-list.ts";
import { openModelBench } from "./evaluation/model-bench.ts";
import { hashSecret } from "./fleet/credential.ts";
import { Downlink } from "./fleet/downlink.ts";
import { type HubSettings, loadOrCreateSettings, saveSettings } from "./fleet/hub-settings.ts";
import { listenOnPort } from "./http/listen.ts";
import { loadOrCreateCertificate } from "./http/security/certificate.ts";
import { allowedHostNames } from "./http/security/host-check.ts";
import { isSameSecret, loadOrCreateToken } from "./http/security/token.ts";
import { buildServer } from "./http/server.ts";
import type { Hub, HubAddress } from "./hub-parts.ts";
import { startBroker } from "./ingest/broker.ts";
import { currentReceipts } from "./ingest/receipts.ts";
import { trainJob } from "./jobs/train-job.ts";
import { startWorker, type Worker } from "./jobs/worker.ts";
import { compileJob } from "./registry/compile.ts";
import { loadOrCreateHubKeys } from "./registry/hub-keys.ts";
import { openHubStore } from "./storage/hub-store.ts";

/** This hub's version. */
export const hubVersion = "0.1.0";

/**
 * How a hub is started.
 * dataDir: made when it is not there · listen: loopback unless said otherwise; any other address is served with TLS and asks
 * the token for reads too · ports: 0 takes a free one · fleet: its name, on the first start · onError: what went wrong in the
 * background, standard error unless given
 */
export type HubOptions = {
  readonly dataDir: string;
  readonly listen?: { readonly address?: string; readonly httpPort?: number; readonly mqttPort?: number };
  readonly fleet?: string;
  readonly clock?: () => number;
  readonly onError?: (error: unknown) => void;
};

/** A hub that answers. fingerprint: SHA-256 of its certificate, away from loopback */
export type RunningHub = {
  readonly fleet: string;
  readonly url: string;
  readonly mqttUrl: string;
  readonly token: string;
  readonly fingerprint: string | undefined;
  /** Stops taking calls, lets running work stop where it can go on later, and closes everything. */
  readonly close: () => Promise<void>;
};

const defaultPorts = { http: 7600, mqtt: 7601 };

/**
 * Starts a hub on a data folder.
 * @throws {HubError} `hub-already-open`, `port-busy`, `bad-data-folder`, `not-durable`
 */
export async function startHub(options: HubOptions): Promise<RunningHub> {
  const dataDir = resolve(options.dataDir);
  const clock = options.clock ?? Date.now;
  const onError =
    options.onError ?? ((error: unknown) => void process.stderr.write(`fieldloop hub: ${String(error)}\n`));
  const settings = await loadOrCreateSettings(dataDir, options.fleet, clock());
  const closers: (() => Promise<void>)[] = [];
  const closeAll = async () => {
    for (const close of closers.splice(0).toReversed()) await close();
  };
  try {
    return await open({ dataDir, clock, onError, listen: options.listen ?? {} }, settings, closers, closeAll);
  } catch (error) {
    await closeAll();
    throw error;
  }
}

type Settled = {
  readonly dataDir: string;
  readonly clock: () => number;
  readonly onError: (error: unknown) => void;
  readonly listen: NonNullable<HubOptions["listen"]>;
};

async function open(
  { dataDir, clock, onError, listen }: Settled,
  settings: HubSettings,
  closers: (() => Promise<void>)[],
  close: () => Promise<void>,
): Promise<RunningHub> {
  const { fleet } = settings;
  const address = listen.address ?? "127.0.0.1";
  const isLoopback = isLoopbackAddress(address);
  const downlink = new Downlink(onError);
  const store = await openHubStore({
    dataDir,
    appliers: decisionAppliers(fleet),
    clock,
    onError,
    onStored: (receipts) => downlink.sendReceipts(receipts),
  });
  closers.push(() => store.close());
  const keys = await loadOrCreateHubKeys(dataDir, settings.publicKey);
  const publicKey = encodePublicKey(keys.publicKey);
  const token = await loadOrCreateToken(dataDir);
  const certificate = isLoopback ? undefined : await loadOrCreateCertificate(dataDir, address);
  const bench = openModelBench();
  closers.push(bench.close);

  const rows: Hub["rows"] = async (sql, parameters) => (await store.db.query(sql, parameters)).rows as never; // the caller's claim
  const checkDevice = deviceCheck(fleet, rows);
  const scheme = certificate === undefined ? { http: "http", mqtt: "mqtt" } : { http: "https", mqtt: "mqtts" };
  const named = advertisedName(address);
  let closing = false;
  let worker: Worker | undefined;
  let addresses: HubAddress | undefined;
  const hub: Hub = {
    fleet,
    version: hubVersion,
    dataDir,
    token,
    keys,
    publicKey,
    clock,
    address: () => addresses ?? { httpUrl: "", mqttUrl: "", fingerprint: undefined },
    rows,
    decide: async (kind, id, payload) => void (await store.decide(kind, id, payload)),
    putBlob: (bytes) => store.blobs.put(bytes),
    readBlob: (digest) => store.blobs.get(digest),
    checkDevice,
    publishDesired: (device) => downlink.sendDesired(device),
    isClosing: () => closing,
    wakeWorker: () => worker?.wake(),
    bench,
    backup: (file, passphrase) => store.backup(file, passphrase),
  };
  const server = await buildServer(hub, { certificate, hostNames: allowedHostNames(address), isLoopback });
  closers.push(async () => void (await server.close()));

  const mqttPort = await listenOnPort(
    "MQTT",
    address,
    { port: listen.mqttPort ?? defaultPorts.mqtt, before: settings.mqttPort },
    async (port) => {
      const broker = await startBroker({
        host: address,
        port,
        ...(certificate === undefined ? {} : { tls: certificate }),
        check: checkDevice,
        store: (message) => store.store({ ...message, receivedAt: clock() }),
        onConnected: ({ device }) => downlink.greet(device),
      });
      closers.push(() => broker.close());
      downlink.open(hub, broker, (device) => currentReceipts(store.db, { fleet, device }));
      return broker.port;
    },
  );
  const httpPort = await listenOnPort(
    "HTTP",
    address,
    { port: listen.httpPort ?? defaultPorts.http, before: settings.httpPort },
    async (port) => {
      await server.listen({ host: address, port });
      return (server.server.address() as { port: number }).port; // listening on TCP
    },
  );
  addresses = {
    httpUrl: `${scheme.http}://${named}:${httpPort}`,
    mqttUrl: `${scheme.mqtt}://${named}:${mqttPort}`,
    fingerprint: certificate?.fingerprint,
  };
  await saveSettings(dataDir, { ...settings, publicKey, httpPort, mqttPort });
  worker = startWorker(hub, { train: trainJob, compile: compileJob }, onError);
  closers.push(worker.close);
  return {
    fleet,
    url: addresses.httpUrl,
    mqttUrl: addresses.mqttUrl,
    token,
    fingerprint: addresses.fingerprint,
    async close() {
      closing = true;
      await close();
    },
  };
}

function deviceCheck(fleet: string, rows: Hub["rows"]): Hub["checkDevice"] {
  return async (who) => {
    if (who.fleet !== fleet) return false;
    const [row] = await rows<{ hash: string | null }>(
      "select credential_hash as hash from devices where fleet = $1 and device = $2 and revoked_at is null",
      [fleet, who.device],
    );
    return row?.hash != null && isSameSecret(hashSecret(who.credential), row.hash);
  };
}

const isLoopbackAddress = (address: string): boolean =>
  address === "localhost" || address === "::1" || address === "127.0.0.1";

/** The name that enrolment codes carry: the address itself, or this machine's first one when the hub listens on all. */
function advertisedName(address: string): string {
  if (address !== "0.0.0.0" && address !== "::") return address.includes(":") ? `[${address}]` : address;
  const own = Object.values(networkInterfaces())
    .flat()
    .find((entry) => entry !== undefined && !entry.internal && entry.family === "IPv4");
  return own?.address ?? "127.0.0.1";
}
