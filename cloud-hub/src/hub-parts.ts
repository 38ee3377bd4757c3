import type { KeyPair } from "@fieldloop/devices";
import type { BackupReport } from "./backup/backup.ts";
import type { DecisionKind, DecisionPayload } from "./decision-list.ts";
import type { ModelBench } from "./evaluation/model-bench.ts";
import type { Presence } from "./fleet/presence.ts";
import type { ChangeFeed, ChangeTopic } from "./http/events/change-feed.ts";
import type { PeopleBook } from "./people/people-book.ts";
import type { RolloutController } from "./rollouts/controller.ts";
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
  /** The same with settings of the database that hold for this query. */
  readonly rowsWith: <Row>(
    settings: Readonly<Record<string, string>>,
    sql: string,
    parameters?: readonly SqlValue[],
  ) => Promise<readonly Row[]>;
  /** Makes a decision durable and visible in the tables before it resolves; equal ids are applied once. */
  readonly decide: <Kind extends DecisionKind>(kind: Kind, id: string, payload: DecisionPayload<Kind>) => Promise<void>;
  readonly putBlob: (bytes: Uint8Array) => Promise<string>;
  readonly readBlob: (digest: string) => Promise<Uint8Array>;

  /** Tells the pages that look on what changed; gathered, so that it may be called often. */
  readonly changed: (topic: ChangeTopic) => void;
  readonly changes: ChangeFeed;
  readonly people: PeopleBook;

  readonly checkDevice: (device: { fleet: string; device: string; credential: string }) => Promise<boolean>;
  /** Sends a device its current desired state, when it is connected. */
  readonly publishDesired: (device: string) => Promise<void>;
  /** Who is connected, and when each was heard last. */
  readonly presence: Presence;
  /** Asks connected devices to say how they are; may be called often, for somebody looks. */
  readonly askDevices: () => void;
  /** Whether the hub is shutting down: work that fails now is begun again at the next start. */
  readonly isClosing: () => boolean;
  /** What drives rollouts, to be woken when one begins or is told something. */
  readonly rollouts: Pick<RolloutController, "wake" | "verdictOf">;
  /** Wakes the job worker. */
  readonly wakeWorker: () => void;
  readonly bench: ModelBench;
  readonly backup: (file: string, passphrase?: string) => Promise<BackupReport>;
};
