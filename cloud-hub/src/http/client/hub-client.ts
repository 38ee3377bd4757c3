import { encodeCbor } from "@fieldloop/devices";
import type { BackupReport } from "../../backup/backup.ts";
import type { Claimed, ClaimRequest, Renewed } from "../../dataset/claim-queue.ts";
import type { DeletedSample } from "../../dataset/deleted-sample.ts";
import type { ImportAnswer, ImportItem } from "../../dataset/import.ts";
import type { LabelAnswer, LabelRequest } from "../../dataset/label.ts";
import type { LabelHeads } from "../../dataset/label-heads.ts";
import type { LabelRow } from "../../dataset/label-history.ts";
import type { QueuePage, QueueRequest } from "../../dataset/queue-page.ts";
import type { SamplePage, SampleSearch } from "../../dataset/sample.ts";
import type { Sample } from "../../dataset/sample-row.ts";
import type { SimilarRequest } from "../../dataset/similar.ts";
import type { NewSnapshot, Snapshot, SnapshotMembers } from "../../dataset/snapshot.ts";
import type { ListedSnapshot } from "../../dataset/snapshot-list.ts";
import type { DriftReport, DriftRequest } from "../../drift/detector.ts";
import type { Accuracy, AccuracyRequest } from "../../evaluation/audited-accuracy.ts";
import type { Evaluation, EvaluationRequest } from "../../evaluation/evaluation.ts";
import type { ListedEvaluation } from "../../evaluation/evaluation-record.ts";
import type { GateRequest, GateVerdict } from "../../evaluation/gate.ts";
import type { DesiredAnswer, DesiredRequest } from "../../fleet/desired-state.ts";
import type { AddedDevice, Device, NewDevice } from "../../fleet/device.ts";
import type { DeviceLatest } from "../../fleet/device-latest.ts";
import type { Timeline, TimelineRequest } from "../../fleet/device-timeline.ts";
import type { Job } from "../../jobs/job.ts";
import type { NewRun, Run, RunEvent, RunEventPage } from "../../jobs/run.ts";
import type { ListedRun, RunCurves } from "../../jobs/run-list.ts";
import type { AddedPerson, ListedPerson, NewPerson } from "../../people/person.ts";
import type { Lineage, SampleLineage } from "../../registry/lineage.ts";
import type { NewRelease, Release } from "../../registry/release.ts";
import type { ListedRelease } from "../../registry/release-list.ts";
import type { Version } from "../../registry/version.ts";
import type { NewRollout, Rollout } from "../../rollouts/rollout.ts";
import type { Curves, CurvesRequest } from "../../rollups/curves.ts";
import type { Histogram, HistogramRequest } from "../../rollups/histogram.ts";
import type { Overview, OverviewRequest } from "../../rollups/overview.ts";
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

  const remove = async <T>(path: string, query?: Call["query"]): Promise<T> =>
    JSON.parse((await bytes({ method: "DELETE", path, query })).toString("utf8")) as T;

  const client = {
    health: () =>
      get<{ ok: boolean; fleet: string; version: string; hubPublicKey: string; mqttUrl: string }>("/v1/health"),

    addPerson: (person: NewPerson) => post<AddedPerson>("/v1/people", person),
    people: async () => (await get<{ people: ListedPerson[] }>("/v1/people")).people,
    revokePerson: async (name: string) =>
      (await remove<{ people: ListedPerson[] }>(`/v1/people/${encodeURIComponent(name)}`)).people,

    addDevice: (device: NewDevice) => post<AddedDevice>("/v1/devices", device),
    devices: async () => (await get<{ devices: Device[] }>("/v1/devices")).devices,
    device: (id: string) => get<Device>(`/v1/devices/${id}`),
    deviceTimeline: (id: string, request: TimelineRequest = {}) =>
      get<Timeline>(`/v1/devices/${id}/timeline`, { ...request }),
    deviceLatest: (id: string) => get<DeviceLatest>(`/v1/devices/${id}/latest`),
    /** Puts a device into a group; null takes it out of any. */
    setDeviceGroup: (id: string, group: string | null) => post<Device>(`/v1/devices/${id}/group`, { group }),
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
    similar: async (request: SimilarRequest) =>
      (await get<{ samples: Sample[] }>("/v1/samples/similar", { ...request })).samples,
    histogram: (request: HistogramRequest) => get<Histogram>("/v1/samples/histogram", { ...request }),
    deleteSample: (id: string, reason?: string) => remove<DeletedSample>(`/v1/samples/${id}`, { reason }),
    sampleImage: (id: string): Promise<Uint8Array> => bytes({ method: "GET", path: `/v1/samples/${id}/image` }),

    queue: (request: QueueRequest) => get<QueuePage>("/v1/queue", { ...request }),
    label: (request: LabelRequest) => post<LabelAnswer>("/v1/labels", request),
    claim: (request: ClaimRequest) => post<Claimed>("/v1/queue/claims", request),
    renewClaims: (keys: readonly string[]) => post<Renewed>("/v1/queue/claims/renew", { keys }),
    releaseClaims: (keys: readonly string[], skip = false) =>
      post<{ released: number }>("/v1/queue/claims/release", { keys, skip }),
    undoLabels: (labels: readonly string[]) => post<{ labels: string[] }>("/v1/labels/undo", { labels }),
    labelHistory: async (sample: string) => (await get<{ labels: LabelRow[] }>("/v1/labels", { sample })).labels,
    labelHeads: () => get<LabelHeads>("/v1/labels/heads"),
    snapshots: async () => (await get<{ snapshots: ListedSnapshot[] }>("/v1/snapshots")).snapshots,
    createSnapshot: (snapshot: NewSnapshot) => post<Snapshot>("/v1/snapshots", snapshot),
    snapshot: (id: string) => get<Snapshot>(`/v1/snapshots/${id}`),
    snapshotMembers: (id: string) => get<SnapshotMembers>(`/v1/snapshots/${id}/members`),
    /** The bytes of a blob by its digest. */
    blob: (digest: string): Promise<Uint8Array> => bytes({ method: "GET", path: `/v1/blobs/${digest}` }),

    startRun: (run: NewRun) => post<{ run: string; job: string }>("/v1/runs", run),
    runs: async (limit?: number) => (await get<{ runs: ListedRun[] }>("/v1/runs", { limit })).runs,
    runCurves: (id: string) => get<RunCurves>(`/v1/runs/${id}/curves`),
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
    evaluations: async (version?: string) =>
      (await get<{ evaluations: ListedEvaluation[] }>("/v1/evaluations", { version })).evaluations,
    evaluation: (id: string) =>
      get<Evaluation & { at: number; by: string | null; query: object }>(`/v1/evaluations/${id}`),
    overview: (request: OverviewRequest = {}) => get<Overview>("/v1/overview", { ...request }),
    curves: (request: CurvesRequest) => get<Curves>("/v1/curves", { ...request }),
    releaseLineage: (digest: string) => get<Lineage>(`/v1/lineage/release/${digest}`),
    versionLineage: (version: string) => get<Lineage>(`/v1/lineage/version/${version}`),
    sampleLineage: (sample: string) => get<SampleLineage>(`/v1/lineage/sample/${sample}`),
    gate: (request: GateRequest) => post<GateVerdict>("/v1/gates", request),
    accuracy: (request: AccuracyRequest) => get<Accuracy>("/v1/accuracy", { ...request }),
    drift: (request: DriftRequest) => get<DriftReport>("/v1/drift", { ...request }),

    releases: async () => (await get<{ releases: ListedRelease[] }>("/v1/releases")).releases,
    startRollout: (rollout: NewRollout) => post<Rollout>("/v1/rollouts", rollout),
    rollouts: async () => (await get<{ rollouts: Rollout[] }>("/v1/rollouts")).rollouts,
    rollout: (id: string) => get<Rollout>(`/v1/rollouts/${id}`),
    commandRollout: (id: string, command: "pause" | "resume" | "abort", reason?: string) =>
      post<Rollout>(`/v1/rollouts/${id}/${command}`, { reason }),

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
