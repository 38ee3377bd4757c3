export type { ReleaseFetcher } from "./fetcher.ts";
export { folderFetcher } from "./folder-fetcher.ts";
export { httpFetcher } from "./http-fetcher.ts";
export type { LoadedRelease } from "./loaded-release.ts";
export type { OfferResult, RefusalCode } from "./refusal.ts";
export { openReleases } from "./release-store.ts";
export type { ReleaseEvent, ReleaseStatus, ReleaseStore, ReleaseStoreOptions } from "./releases.ts";
export { readSigned } from "./signed-files.ts";
