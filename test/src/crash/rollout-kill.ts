import { setTimeout as delay } from "node:timers/promises";
import { type HubClient, HubError, type Rollout } from "@fieldloop/cloud-hub";
import { until } from "../journeys/device-process.ts";
import { type Camera, RolloutFleet, steadyGate } from "../journeys/rollout-fleet.ts";
import { seededRandom } from "./kill-cycles.ts";

/** What goes out in a cycle: fit to pass, unable to start, or harmful. */
export type Kind = "good" | "broken" | "harmful";

/**
 * What killing during rollouts showed. kills: by who was killed · ended: by kind of release, how the rollouts ended · wrong:
 * cycles that did not end as their rules demand, in sentences · brokenFrames: frames that a release that cannot start
 * answered · without: devices that were seen without a release
 */
export type RolloutKillReport = {
  readonly cycles: number;
  readonly kills: Readonly<Record<"hub" | "device", number>>;
  readonly ended: Readonly<Record<string, number>>;
  readonly wrong: readonly string[];
  readonly brokenFrames: number;
  readonly without: number;
};

const kinds: readonly Kind[] = ["good", "harmful", "broken"];
const longestMs: Readonly<Record<Kind, number>> = { good: 14_000, broken: 4_000, harmful: 10_000 };
const endLimitMs = 300_000;

/** Kills hub or a device once in each of `cycles` rollouts, at a random moment, and checks how each one ends. */
export async function killRollouts(
  cycles: number,
  seed: number,
  log: (line: string) => void = () => undefined,
): Promise<RolloutKillReport> {
  const random = seededRandom(seed);
  const fleet = await RolloutFleet.start(2, 80);
  const kills = { hub: 0, device: 0 };
  const ended: Record<string, number> = {};
  const wrong: string[] = [];
  const broken: string[] = [];
  let without = 0;
  try {
    const harmful = await fleet.harmfulRelease();
    await delay(8000); // a past to be compared with
    for (let cycle = 1; cycle <= cycles; cycle += 1) {
      const kind = kinds[(cycle - 1) % kinds.length]!;
      const release =
        kind === "good" ? await fleet.goodRelease() : kind === "broken" ? await fleet.brokenRelease() : harmful;
      if (kind === "broken") broken.push(release);
      const before = await releasesOf(fleet);
      const { id } = await fleet.client.startRollout({
        release,
        group: "all",
        waves: [1, "100%"],
        soakMs: 4000,
        longestSoakMs: 240_000,
        gate: steadyGate,
      });
      const afterMs = random() * longestMs[kind];
      await delay(afterMs);
      const victim = random() < 0.5 ? "hub" : "device";
      kills[victim] += 1;
      await kill(fleet, victim, random());
      const rollout = await untilEnded(fleet.client, id);
      const settled = await untilSettled(fleet, rollout, before);
      without += settled.filter(({ runs }) => runs === null).length;
      const key = `${kind} ${rollout.state}${rollout.cause === null ? "" : ` (${rollout.cause})`}`;
      ended[key] = (ended[key] ?? 0) + 1;
      const faults = faultsOf(kind, rollout, settled);
      wrong.push(
        ...faults.map(
          (fault) => `Cycle ${cycle} (${kind}, ${victim} killed after ${Math.round(afterMs)} ms): ${fault}`,
        ),
      );
      log(
        `cycle ${cycle}: ${kind}, killed ${victim} after ${Math.round(afterMs)} ms: ${rollout.state}${faults.length === 0 ? "" : `; ${faults.join(" ")}`}`,
      );
    }
    return {
      cycles,
      kills,
      ended,
      wrong,
      brokenFrames: broken.reduce((sum, release) => sum + fleet.framesBy(release), 0),
      without,
    };
  } finally {
    await fleet.end();
  }
}

/** Kills one process as a power switch would, and starts it again. */
async function kill(fleet: RolloutFleet, victim: "hub" | "device", choice: number): Promise<void> {
  if (victim === "hub") await fleet.hub.command.end("SIGKILL");
  else await fleet.cameras[Math.floor(choice * fleet.cameras.length)]!.command!.end("SIGKILL");
  await fleet.up();
}

async function untilEnded(client: HubClient, id: string): Promise<Rollout> {
  let rollout: Rollout | undefined;
  await until(
    "the rollout ended",
    async () => {
      rollout = await client.rollout(id).catch((error: unknown) => {
        if (error instanceof HubError && error.code === "unreachable") return rollout;
        throw error;
      });
      return rollout !== undefined && rollout.endedAt !== null;
    },
    endLimitMs,
  ).catch(() => undefined);
  if (rollout === undefined) throw new Error("The hub forgot a rollout that it had answered.");
  return rollout;
}

type Settled = { readonly camera: Camera; readonly wanted: string | null; readonly runs: string | null };

/** Waits until every device runs what the rollout's end demands of it, or half a minute. */
async function untilSettled(
  fleet: RolloutFleet,
  rollout: Rollout,
  before: ReadonlyMap<string, string | null>,
): Promise<Settled[]> {
  const all = rollout.waves.flatMap(({ devices }) => devices);
  let settled: Settled[] = [];
  const isSettled = async () => {
    settled = await Promise.all(
      fleet.cameras.map(async (camera) => {
        const isOn =
          rollout.state === "completed" && all.find(({ device }) => device === camera.name)?.state === "running";
        return { camera, wanted: isOn ? rollout.release : before.get(camera.name)!, runs: await camera.release() };
      }),
    );
    return settled.every(({ wanted, runs }) => wanted === runs);
  };
  await until("every device ran what it should", isSettled, 30_000).catch(() => undefined);
  return settled;
}

async function releasesOf(fleet: RolloutFleet): Promise<ReadonlyMap<string, string | null>> {
  return new Map(
    await Promise.all(fleet.cameras.map(async (camera) => [camera.name, await camera.release()] as const)),
  );
}

function faultsOf(kind: Kind, rollout: Rollout, settled: readonly Settled[]): string[] {
  const { state, cause, reason, waves } = rollout;
  const end = `${state} ${cause ?? ""}`.trim();
  const demanded = { good: "completed", broken: "stopped cannot-start", harmful: "stopped harm" }[kind];
  return [
    ...(end === demanded ? [] : [`it had to end as ${demanded}, it is ${end}: ${reason}`]),
    ...(kind === "good" || waves.slice(1).every(({ devices }) => devices.every((each) => each.state === "waiting"))
      ? []
      : ["the second wave was asked."]),
    ...settled
      .filter(({ wanted, runs }) => wanted !== runs)
      .map(
        ({ camera, wanted, runs }) =>
          `${camera.name} runs ${runs?.slice(7, 19) ?? "nothing"}, not ${wanted?.slice(7, 19) ?? "nothing"}.`,
      ),
  ];
}
