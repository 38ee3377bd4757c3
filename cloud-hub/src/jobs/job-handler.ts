import type { Hub } from "../hub-parts.ts";
import type { Job } from "./job.ts";

/** What a job's handler is told and may tell. progress: 0–1 */
export type JobControl = { readonly signal: AbortSignal; readonly onProgress: (progress: number) => void };

/** Does one kind of job; it may be called again for the same job after a crash, and answers what the job gave. */
export type JobHandler = (hub: Hub, job: Job, control: JobControl) => Promise<Readonly<Record<string, unknown>>>;
