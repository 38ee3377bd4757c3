import { parentPort, workerData } from "node:worker_threads";
import { seededRandom } from "@fieldloop/compiler/statistics";
import type { ReferenceRequest } from "./build-references.ts";
import { buildReference } from "./reference.ts";

const { domains, seed } = workerData as ReferenceRequest; // posted by buildReferences, in this package
const random = seededRandom(seed);
parentPort?.postMessage(domains.map(({ domain, tracks }) => buildReference(domain, tracks, random)));
