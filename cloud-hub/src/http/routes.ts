import type { RouteGroup } from "./route-group.ts";
import { backupRoutes } from "./routes/backup.ts";
import { desiredRoutes } from "./routes/desired.ts";
import { deviceRoutes } from "./routes/devices.ts";
import { driftRoutes } from "./routes/drift.ts";
import { evaluationRoutes } from "./routes/evaluations.ts";
import { eventRoutes } from "./routes/events.ts";
import { healthRoutes } from "./routes/health.ts";
import { labelRoutes } from "./routes/labels.ts";
import { lineageRoutes } from "./routes/lineage.ts";
import { overviewRoutes } from "./routes/overview.ts";
import { peopleRoutes } from "./routes/people.ts";
import { releaseRoutes } from "./routes/releases.ts";
import { rolloutRoutes } from "./routes/rollouts.ts";
import { runRoutes } from "./routes/runs.ts";
import { sampleRoutes } from "./routes/samples.ts";
import { sessionRoutes } from "./routes/session.ts";
import { snapshotRoutes } from "./routes/snapshots.ts";
import { versionRoutes } from "./routes/versions.ts";

/** Every route group of the hub. */
export const routeGroups: readonly RouteGroup[] = [
  healthRoutes,
  sessionRoutes,
  peopleRoutes,
  eventRoutes,
  overviewRoutes,
  deviceRoutes,
  desiredRoutes,
  sampleRoutes,
  labelRoutes,
  snapshotRoutes,
  runRoutes,
  versionRoutes,
  evaluationRoutes,
  releaseRoutes,
  rolloutRoutes,
  driftRoutes,
  lineageRoutes,
  backupRoutes,
];
