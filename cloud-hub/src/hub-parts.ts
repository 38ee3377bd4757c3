import type { KeyPair } from "@fieldloop/devices";
import type { BackupReport } from "./backup/backup.ts";
import type { DecisionKind, DecisionPayload } from "./decision-list.ts";
import type { ModelBench } from "./evaluation/model-bench.ts";
import type { SqlValue } from "./storage/db.ts";

/** Where the hub is reached. fingerprint: SHA-256 of its own certificate, away from loopback */
export type HubAddress = {
  readonly httpUrl: string;
  readonly mqttUrl: string;
  readonly fingerprint: string | undefined;
};

/** What every subject of the hub works with: the fleet's tables, blobs and decisions, its keys, clock and engine. */
export type Hub = {
  readonly fleet: string;
  readonly version: string;
  readonly dataDir: string;
  readonly token: string;
  readonly keys: KeyPair;
  readonly publicKey: string;
  readonly clock: () => number;
  readonly address: () => HubAddress;

  /** Runs one bounded SQL query; the row's type is the caller's claim about its own columns. */
  readonly rows: <Row>(sql: string, parameters?: readonly SqlValue[]) => Promise<readonly Row[]>;
  /** Makes a decision durable and visible in the tables before it resolves; equal ids are applied once. */
  readonly decide: <Kind extends DecisionKind>(kind: Kind, id: string, payload: DecisionPayload<Kind>) => Promise<void>;
  readonly putBlob: (bytes: Uint8Array) => Promise<string>;
  readonly readBlob: (digest: string) => Promise<Uint8Array>;

  readonly checkDevice: (device: { fleet: string; device: string; credential: string }) => Promise<boolean>;
  /** Sends a device its current desired state, when it is connected. */
  readonly publishDesired: (device: string) => Promise<void>;
  /** Whether the hub is shutting down: work that fails now is begun again at the next start. */
  readonly isClosing: () => boolean;
  /** Wakes the job worker. */
  readonly wakeWorker: () => void;
  readonly bench: ModelBench;
  readonly backup: (file: string, passphrase?: string) => Promise<BackupReport>;
};
