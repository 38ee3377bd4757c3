import type { Downlink } from "./fleet/downlink.ts";
import { savePresence } from "./fleet/save-presence.ts";
import { listenOnPort } from "./http/listen.ts";
import type { HubServer } from "./http/route-group.ts";
import type { Certificate } from "./http/security/certificate.ts";
import type { Hub } from "./hub-parts.ts";
import { startBroker } from "./ingest/broker.ts";
import { currentReceipts } from "./ingest/receipts.ts";
import type { HubStore } from "./storage/hub-store.ts";

/** Ports of a hub: what was asked (0: a free one) and what it had before. */
export type Ports = { readonly http: number; readonly mqtt: number };

/** What listens, and on what. onClose: takes what must be closed with the hub */
export type Listening = {
  readonly hub: Hub;
  readonly store: HubStore;
  readonly server: HubServer;
  readonly downlink: Downlink;
  readonly address: string;
  readonly certificate: Certificate | undefined;
  readonly asked: Ports;
  readonly before: Partial<Ports>;
  readonly onClose: (close: () => Promise<void>) => void;
  readonly onError: (error: unknown) => void;
};

/** Lets devices in over MQTT and everybody over HTTP. @throws {HubError} `port-busy` */
export async function listenForAll(listening: Listening): Promise<Ports> {
  return { mqtt: await listenForDevices(listening), http: await listenForCalls(listening) };
}

function listenForDevices({
  hub,
  store,
  downlink,
  address,
  certificate,
  asked,
  before,
  onClose,
  onError,
}: Listening): Promise<number> {
  return listenOnPort("MQTT", address, { port: asked.mqtt, before: before.mqtt }, async (port) => {
    const broker = await startBroker({
      host: address,
      port,
      ...(certificate === undefined ? {} : { tls: certificate }),
      check: hub.checkDevice,
      store: async (message) => {
        await store.store({ ...message, receivedAt: hub.clock() });
        if (message.channel === "hello") hub.changed("devices");
      },
      onConnected: ({ device }) => downlink.greet(device),
      onSession: ({ device }, what) => {
        hub.presence[what](device, hub.clock());
        if (what !== "heard") hub.changed("devices");
      },
    });
    onClose(savePresence(hub, onError));
    onClose(() => broker.close());
    downlink.open(hub, broker, (device) => currentReceipts(store.db, { fleet: hub.fleet, device }));
    return broker.port;
  });
}

function listenForCalls({ server, address, asked, before }: Listening): Promise<number> {
  return listenOnPort("HTTP", address, { port: asked.http, before: before.http }, async (port) => {
    await server.listen({ host: address, port });
    return (server.server.address() as { port: number }).port; // listening on TCP
  });
}
