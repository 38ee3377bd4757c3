export type { BackupReport, RestoreReport } from "../backup/backup.ts";
export { restoreBackup } from "../backup/backup.ts";
export type { BlobStore } from "../blobs/blob-store.ts";
export type { Arrival } from "../inbox/arrival.ts";
export type { Decision, DecisionApplier, DecisionAppliers } from "../inbox/decision.ts";
export type { Db, SqlResult, SqlSession, SqlValue } from "./db.ts";
export { type HubStore, type HubStoreOptions, openHubStore, type Recovery, type StoreCounts } from "./hub-store.ts";
