import { encodeCbor } from "@fieldloop/devices";
import type { BackupReport } from "../../backup/backup.ts";
import type { ImportAnswer, ImportItem } from "../../dataset/import.ts";
import type { LabelAnswer, LabelRequest } from "../../dataset/label.ts";
import type { QueuePage, QueueRequest } from "../../dataset/queue-page.ts";
import type { Sample, SamplePage, SampleSearch } from "../../dataset/sample.ts";
import type { NewSnapshot, Snapshot, SnapshotMembers } from "../../dataset/snapshot.ts";
import type { DriftReport, DriftRequest } from "../../drift/detector.ts";
import type { Accuracy, AccuracyRequest } from "../../evaluation/audited-accuracy.ts";
import type { Evaluation, EvaluationRequest } from "../../evaluation/evaluation.ts";
import type { GateRequest, GateVerdict } from "../../evaluation/gate.ts";
import type { DesiredAnswer, DesiredRequest } from "../../fleet/desired-state.ts";
import type { AddedDevice, Device, NewDevice } from "../../fleet/device.ts";
import type { Job } from "../../jobs/job.ts";
import type { NewRun, Run, RunEvent, RunEventPage } from "../../jobs/run.ts";
import type { NewRelease, Release } from "../../registry/release.ts";
import type { Version } from "../../registry/version.ts";
import { type Call, callHub, type TransportOptions } from "./transport.ts";

/** The largest import message that the client sends, in bytes; the hub accepts a little more. */
const importBytes = 6 * 1024 * 1024;
const pollMs = 300;

/** A hub over HTTP: one method per route; every error is a HubError with the hub's own sentence. */
export type HubClient = ReturnType<typeof createHubClient>;

/** Makes a client for the hub at `url`; `token` is needed for writes, and for reads away from loopback. */
export function createHubClient(options: TransportOptions) {
  const bytes = (call: Call): Promise<Buffer> => callHub(options, call);
  // The hub answers by the schemas whose static types are named here.
  const get = async <T>(path: string, query?: Call["query"]): Promise<T> =>
    JSON.parse((await bytes({ method: "GET", path, query })).toString("utf8")) as T;
  const post = async <T>(path: string, body: object): Promise<T> =>
    JSON.parse((await bytes({ method: "POST", path, body })).toString("utf8")) as T;

  const client = {
    health: () =>
      get<{ ok: boolean; fleet: string; version: string; hubPublicKey: string; mqttUrl: string }>("/v1/health"),

    addDevice: (device: NewDevice) => post<AddedDevice>("/v1/devices", device),
    devices: async () => (await get<{ devices: Device[] }>("/v1/devices")).devices,
    device: (id: string) => get<Device>(`/v1/devices/${id}`),
    setDesired: (request: DesiredRequest) => post<DesiredAnswer>("/v1/desired", request),

    /** Sends items in messages of bounded size, in order; a key that the hub has already is skipped. */
    async importSamples(items: readonly ImportItem[], onProgress?: (sent: number) => void): Promise<ImportAnswer> {
      const total = { imported: 0, skipped: 0 };
      let sent = 0;
      for (const batch of batchesOf(items)) {
        const answer = await post<ImportAnswer>("/v1/samples/import", encodeCbor({ items: batch }));
        total.imported += answer.imported;
        total.skipped += answer.skipped;
        sent += batch.length;
        onProgress?.(sent);
      }
      return total;
    },
    samples: (search: SampleSearch) => get<SamplePage>("/v1/samples", { ...search }),
    /** Every sample that matches, page by page. */
    async *allSamples(search: SampleSearch): AsyncGenerator<Sample> {
      let cursor = search.cursor;
      do {
        const page = await client.samples({ ...search, limit: search.limit ?? 500, cursor });
        yield* page.samples;
        cursor = page.next;
      } while (cursor !== undefined);
    },
    sample: (id: string) => get<Sample>(`/v1/samples/${id}`),
    sampleImage: (id: string): Promise<Uint8Array> => bytes({ method: "GET", path: `/v1/samples/${id}/image` }),

    queue: (request: QueueRequest) => get<QueuePage>("/v1/queue", { ...request }),
    label: (request: LabelRequest) => post<LabelAnswer>("/v1/labels", request),
    createSnapshot: (snapshot: NewSnapshot) => post<Snapshot>("/v1/snapshots", snapshot),
    snapshot: (id: string) => get<Snapshot>(`/v1/snapshots/${id}`),
    snapshotMembers: (id: string) => get<SnapshotMembers>(`/v1/snapshots/${id}/members`),
    /** The bytes of a blob by its digest. */
    blob: (digest: string): Promise<Uint8Array> => bytes({ method: "GET", path: `/v1/blobs/${digest}` }),

    startRun: (run: NewRun) => post<{ run: string; job: string }>("/v1/runs", run),
    run: (id: string) => get<Run>(`/v1/runs/${id}`),
    runEvents: (id: string, after = 0) => get<RunEventPage>(`/v1/runs/${id}/events`, { after }),
    /** Follows a run to its end, handing on each event once. */
    async waitForRun(id: string, onEvent?: (event: RunEvent) => void): Promise<Run> {
      let after = 0;
      for (;;) {
        const run = await client.run(id);
        const page = await client.runEvents(id, after);
        for (const event of page.events) onEvent?.(event);
        after = page.events.at(-1)?.seq ?? after;
        if (run.state !== "waiting" && run.state !== "running" && page.events.length === 0) return run;
        if (page.events.length === 0) await sleep(pollMs);
      }
    },
    job: (id: string) => get<Job>(`/v1/jobs/${id}`),
    cancelJob: (id: string) => post<Job>(`/v1/jobs/${id}/cancel`, {}),
    async waitForJob(id: string, onProgress?: (job: Job) => void): Promise<Job> {
      for (;;) {
        const job = await client.job(id);
        onProgress?.(job);
        if (job.state !== "waiting" && job.state !== "running") return job;
        await sleep(pollMs);
      }
    },

    versions: async () => (await get<{ versions: Version[] }>("/v1/versions")).versions,
    version: (id: string) => get<Version>(`/v1/versions/${id}`),
    compile: (version: string) => post<{ job: string }>(`/v1/versions/${version}/compile`, {}),
    evaluate: (request: EvaluationRequest) => post<Evaluation>("/v1/evaluations", request),
    gate: (request: GateRequest) => post<GateVerdict>("/v1/gates", request),
    accuracy: (request: AccuracyRequest) => get<Accuracy>("/v1/accuracy", { ...request }),
    drift: (request: DriftRequest) => get<DriftReport>("/v1/drift", { ...request }),

    createRelease: (release: NewRelease) => post<Release>("/v1/releases", release),
    release: (digest: string) => get<Release>(`/v1/releases/${digest}`),
    /** The release and the device's current desired state as a tar, for a folder on a stick. */
    bundle: (digest: string, device: string): Promise<Uint8Array> =>
      bytes({ method: "GET", path: `/v1/releases/${digest}/bundle`, query: { device } }),
    /** Writes a backup on the hub's machine; with a passphrase it holds the hub's keys, sealed. */
    backup: (file: string, passphrase?: string) => post<BackupReport>("/v1/backup", { file, passphrase }),
  };
  return client;
}

function batchesOf(items: readonly ImportItem[]): ImportItem[][] {
  const batches: ImportItem[][] = [];
  let bytes = importBytes;
  for (const item of items) {
    const size = item.image.byteLength + 1024;
    const current = batches.at(-1);
    if (current === undefined || bytes + size > importBytes || current.length >= 500) {
      batches.push([item]);
      bytes = size;
    } else {
      current.push(item);
      bytes += size;
    }
  }
  return batches;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
