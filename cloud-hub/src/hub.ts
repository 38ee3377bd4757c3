import { resolve } from "node:path";
import { encodePublicKey } from "@fieldloop/devices";
import { startDatasetUpkeep } from "./dataset/upkeep.ts";
import { decisionAppliers } from "./decision-list.ts";
import { watchDrift } from "./drift/watch.ts";
import { openModelBench } from "./evaluation/model-bench.ts";
import { deviceCheck } from "./fleet/device-check.ts";
import { Downlink } from "./fleet/downlink.ts";
import { type HubSettings, loadOrCreateSettings, saveSettings } from "./fleet/hub-settings.ts";
import { Presence } from "./fleet/presence.ts";
import { ChangeFeed } from "./http/events/change-feed.ts";
import { topicOfDecision, topicsOfReceipts } from "./http/events/decision-topics.ts";
import { loadOrCreateCertificate } from "./http/security/certificate.ts";
import { allowedHostNames } from "./http/security/host-check.ts";
import { loadOrCreateToken } from "./http/security/token.ts";
import { buildServer } from "./http/server.ts";
import { hubAddress, isLoopbackAddress } from "./hub-address.ts";
import { listenForAll } from "./hub-listening.ts";
import type { Hub, HubAddress } from "./hub-parts.ts";
import { trainJob } from "./jobs/train-job.ts";
import { startWorker, type Worker } from "./jobs/worker.ts";
import { PeopleBook } from "./people/people-book.ts";
import { compileJob } from "./registry/compile.ts";
import { loadOrCreateHubKeys } from "./registry/hub-keys.ts";
import { type RolloutController, startRollouts } from "./rollouts/controller.ts";
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
  const state: { isClosing: boolean; hub?: Hub; worker?: Worker; rollouts?: RolloutController; address?: HubAddress } =
    { isClosing: false };
  const changes = new ChangeFeed(clock);
  closers.push(async () => changes.close());
  const store = await openHubStore({
    dataDir,
    appliers: decisionAppliers(fleet),
    clock,
    onError,
    onStored: (receipts) => {
      downlink.sendReceipts(receipts);
      for (const topic of topicsOfReceipts(receipts)) changes.changed(topic);
      if (state.hub !== undefined) watchDrift(state.hub, receipts, onError);
      state.rollouts?.wake(receipts);
    },
  });
  closers.push(() => store.close());
  const keys = await loadOrCreateHubKeys(dataDir, settings.publicKey);
  const token = await loadOrCreateToken(dataDir);
  const certificate = isLoopback ? undefined : await loadOrCreateCertificate(dataDir, address);
  const bench = openModelBench();
  closers.push(bench.close);

  const rows: Hub["rows"] = async (sql, parameters) => (await store.db.query(sql, parameters)).rows as never; // the caller's claim
  const people = new PeopleBook({ fleet, token, clock, rows });
  const hub: Hub = {
    fleet,
    version: hubVersion,
    dataDir,
    token,
    keys,
    publicKey: encodePublicKey(keys.publicKey),
    clock,
    address: () => state.address ?? hubAddress(address, defaultPorts, certificate),
    rows,
    rowsWith: (settings, sql, parameters) =>
      store.db.tx(async (session) => {
        for (const [name, value] of Object.entries(settings)) {
          await session.query("select set_config($1, $2, true)", [name, value]);
        }
        return (await session.query(sql, parameters)).rows as never; // the caller's claim
      }),
    decide: async (kind, id, payload) => {
      await store.decide(kind, id, payload);
      const topic = topicOfDecision(kind);
      if (topic === "people") people.forget();
      else changes.changed(topic);
    },
    changed: (topic) => changes.changed(topic),
    changes,
    people,
    putBlob: (bytes) => store.blobs.put(bytes),
    readBlob: (digest) => store.blobs.get(digest),
    checkDevice: deviceCheck(fleet, rows),
    publishDesired: (device) => downlink.sendDesired(device),
    presence: new Presence(clock()),
    askDevices: () => downlink.askDevices(),
    isClosing: () => state.isClosing,
    rollouts: {
      wake: (receipts) => state.rollouts?.wake(receipts),
      verdictOf: (id) => state.rollouts?.verdictOf(id),
    },
    wakeWorker: () => state.worker?.wake(),
    bench,
    backup: (file, passphrase) => store.backup(file, passphrase),
  };
  state.hub = hub;
  const server = await buildServer(hub, { certificate, hostNames: allowedHostNames(address), isLoopback });
  closers.push(async () => void (await server.close()));
  const ports = await listenForAll({
    hub,
    store,
    server,
    downlink,
    address,
    certificate,
    asked: { http: listen.httpPort ?? defaultPorts.http, mqtt: listen.mqttPort ?? defaultPorts.mqtt },
    before: { http: settings.httpPort, mqtt: settings.mqttPort },
    onClose: (closer) => closers.push(closer),
    onError,
  });
  state.address = hubAddress(address, ports, certificate);
  await saveSettings(dataDir, { ...settings, publicKey: hub.publicKey, httpPort: ports.http, mqttPort: ports.mqtt });
  state.worker = startWorker(hub, { train: trainJob, compile: compileJob }, onError);
  closers.push(state.worker.close);
  state.rollouts = startRollouts(hub, onError);
  closers.push(state.rollouts.close);
  closers.push(startDatasetUpkeep(hub, store, onError).close);
  const { httpUrl, mqttUrl, fingerprint } = state.address;
  return {
    fleet,
    url: httpUrl,
    mqttUrl,
    token,
    fingerprint,
    async close() {
      state.isClosing = true;
      await close();
    },
  };
}
