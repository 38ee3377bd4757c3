export { contractFailures } from "./engine/contract-cases.ts";
export { engineContract } from "./engine/engine-contract.ts";
export { StandInServer } from "./engine/remote/stand-in-server.ts";
export { tinyBackbone, tinyConvolutions, tinyHead, tinyOnnx } from "./engine/tiny-onnx.ts";
export { type HostileImage, hostileImages } from "./operators/hostile-images.ts";
export { openReleases } from "./releases/release-store.ts";
export type { ReleaseStore, ReleaseStoreOptions } from "./releases/releases.ts";
export {
  desire,
  makeTinyRelease,
  memoryFetcher,
  type TinyRelease,
  tinyImage,
  writeBundle,
} from "./releases/tiny-release.ts";
