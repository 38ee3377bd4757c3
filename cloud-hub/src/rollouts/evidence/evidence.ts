import type { Hub } from "../../hub-parts.ts";
import {
  type DeviceSeries,
  estimateSpread,
  type HistorySpread,
  judgeHealth,
  type ReleaseReference,
} from "../health/index.ts";
import type { RolloutFacts } from "../next-step.ts";
import { type DeviceProgress, devicesOf, newestWave } from "../progress.ts";
import type { Rollout, RolloutDevice, Verdict } from "../rollout.ts";
import { DeviceLog } from "./device-log.ts";
import { readReference } from "./reference.ts";
import {
  type After,
  eventsSince,
  firstPredictions,
  mostRows,
  outcomesSince,
  restartsSince,
  sketchesBefore,
  sketchesSince,
  standings,
} from "./rows.ts";

type Reader = Pick<Hub, "rows" | "fleet" | "readBlob">;

const mostTreated = 1000;
const mostControls = 200;
const mostWindowsBefore = 30_000;
const devicesAtOnce = 200;
/** How often everything is looked at again, also devices that nothing came from. */
const sweepEveryMs = 10_000;
const remindAfterMs = 5_000;
/** Judging takes at most this part of the hub's time: one in so many. */
const restFactor = 10;

/** What the hub knows of a rollout's devices, read from the tables bit by bit and kept in memory while the rollout lasts. */
export class RolloutEvidence {
  readonly #hub: Reader;
  readonly #logs = new Map<string, DeviceLog>();
  readonly #firstPredictions = new Map<string, number>();
  readonly #told = new Map<string, number>();
  #history: HistorySpread | undefined;
  #reference: ReleaseReference | null | undefined;
  #judged: { readonly verdict: Verdict; readonly step: number; readonly tookMs: number } | undefined;
  #sweptAt = 0;

  constructor(hub: Reader) {
    this.#hub = hub;
  }

  /** Reads what came since. heard: devices that something came from; every device at first and from time to time */
  async read(rollout: Rollout, heard: ReadonlySet<string>, now: number): Promise<void> {
    const watched = watchedDevices(rollout);
    const isSweep = now - this.#sweptAt >= sweepEveryMs || now < this.#sweptAt;
    const fresh = watched.filter(({ device }) => !this.#logs.has(device));
    await this.#begin(rollout, fresh);
    const isFresh = new Set(fresh.map(({ device }) => device));
    const wanted = watched.filter(({ device }) => isSweep || isFresh.has(device) || heard.has(device));
    for (let at = 0; at < wanted.length; at += devicesAtOnce) {
      await this.#readDevices(rollout, wanted.slice(at, at + devicesAtOnce));
    }
    if (isSweep) this.#sweptAt = now;
    if (this.#reference === undefined) this.#reference = await readReference(this.#hub, rollout.release);
  }

  /** What the next step is decided on. */
  facts(rollout: Rollout, now: number): RolloutFacts {
    const progress = new Map<string, DeviceProgress>();
    for (const device of devicesOf(rollout)) {
      const log = this.#logs.get(device.device);
      if (log !== undefined) progress.set(device.device, this.#progressOf(device, log));
    }
    return { now, progress, verdict: this.#judge(rollout, now) };
  }

  /** Devices that were asked, are there, and have not begun with it: their desired state is to be said again. */
  toRemind(rollout: Rollout, now: number): readonly string[] {
    const found: string[] = [];
    for (const { device, state, number, offeredAt } of devicesOf(rollout)) {
      const log = this.#logs.get(device);
      if (state !== "offered" || number === null || offeredAt === null || log === undefined) continue;
      const told = this.#told.get(device) ?? offeredAt;
      const { interruptedAt, isTaken } = log.heardOf(number);
      const isLost = !isTaken && (log.standing?.lastSeen ?? 0) > told + remindAfterMs;
      if (now - told < remindAfterMs || !(isLost || (interruptedAt ?? 0) > told)) continue;
      this.#told.set(device, now);
      found.push(device);
    }
    return found;
  }

  #progressOf(device: RolloutDevice, log: DeviceLog): DeviceProgress {
    const { number, offeredAt } = device;
    const isAsked = device.state !== "waiting" && number !== null && offeredAt !== null;
    return {
      firstPredictionAt: isAsked ? (this.#firstPredictions.get(device.device) ?? log.firstNewWindow(offeredAt)) : null,
      refusal: isAsked ? log.refusal(number) : null,
      contradiction: log.contradiction(isAsked ? number : null),
      gone: log.standing?.revoked === true ? "Its credential was revoked." : null,
    };
  }

  /** A large fleet takes a while to judge, and is judged the less often for it; every step is followed by a fresh look. */
  #judge(rollout: Rollout, now: number): Verdict | null {
    const last = this.#judged;
    const isFresh = last !== undefined && last.step === rollout.step && now >= last.verdict.at;
    if (isFresh && now - last.verdict.at < restFactor * last.tookMs) return last.verdict;
    return this.#judgeNow(rollout, now);
  }

  #judgeNow(rollout: Rollout, now: number): Verdict | null {
    const first = rollout.waves[0]?.openedAt;
    if (newestWave(rollout) === undefined || first == null || this.#history === undefined) return null;
    const series = (wave: number | null, device: RolloutDevice): DeviceSeries[] => {
      const log = this.#logs.get(device.device);
      if (log === undefined || device.reason !== null || device.previous === null) return [];
      return [{ device: device.device, wave, windows: log.windows(now, wave === null ? null : device.offeredAt) }];
    };
    const treated = rollout.waves.flatMap(({ number, devices }) =>
      devices
        .filter(({ state }) => state === "offered" || state === "running")
        .flatMap((device) => series(number, device)),
    );
    const controls = devicesOf(rollout)
      .filter(({ state }) => state === "waiting")
      .flatMap((device) => series(null, device));
    if (treated.length === 0) return null;
    const facts = {
      openedAt: first,
      now,
      treated,
      controls,
      history: this.#history,
      reference: this.#reference ?? null,
    };
    const begun = performance.now();
    const verdict = { ...judgeHealth(facts, rollout.gate.health), at: now };
    this.#judged = { verdict, step: rollout.step, tookMs: performance.now() - begun };
    return verdict;
  }

  async #begin(rollout: Rollout, fresh: readonly RolloutDevice[]): Promise<void> {
    if (fresh.length === 0) return;
    const badOutcomes = new Set(rollout.gate.badOutcomes);
    for (const { device, previous } of fresh) {
      this.#logs.set(device, new DeviceLog(device, { release: rollout.release, previous, badOutcomes }));
    }
    const perDevice = Math.min(600, Math.max(12, Math.floor(mostWindowsBefore / fresh.length)));
    for (let at = 0; at < fresh.length; at += devicesAtOnce) {
      const names = fresh.slice(at, at + devicesAtOnce).map(({ device }) => device);
      for (const row of await sketchesBefore(this.#hub, names, rollout.createdAt, perDevice)) {
        this.#logs.get(row.device)?.takeSketch(row, true);
      }
    }
    this.#history ??= this.#spread(rollout);
  }

  /** Estimated once, from what came before the rollout: a verdict does not change because its yardstick does. */
  #spread(rollout: Rollout): HistorySpread {
    const before = [...this.#logs.values()].map((log) => ({
      device: log.device,
      wave: null,
      windows: log.windows(rollout.createdAt, null).filter(({ at }) => at <= rollout.createdAt),
    }));
    return estimateSpread(before, rollout.gate.health.soakMs);
  }

  async #readDevices(rollout: Rollout, devices: readonly RolloutDevice[]): Promise<void> {
    const logs = devices.flatMap(({ device }) => this.#logs.get(device) ?? []);
    const names = logs.map(({ device }) => device);
    const after = (kind: Parameters<DeviceLog["after"]>[0]) => (): readonly After[] =>
      logs.map((log) => ({ device: log.device, after: log.after(kind, rollout.createdAt) }));
    const running = new Map(devices.map(({ device, firstPredictionAt }) => [device, firstPredictionAt]));
    await readAll(
      after("sketch"),
      (wanted) => sketchesSince(this.#hub, wanted),
      (row) => this.#log(row).takeSketch(row),
    );
    await readAll(
      after("event"),
      (wanted) => eventsSince(this.#hub, wanted),
      (row) => this.#log(row).takeEvent(row),
    );
    await readAll(
      after("outcome"),
      (wanted) => outcomesSince(this.#hub, wanted),
      (row) => this.#log(row).takeOutcome(row, running.get(row.device) ?? null),
    );
    for (const row of await restartsSince(this.#hub, names, rollout.createdAt)) {
      this.#log(row).takeRestart(row, running.get(row.device) ?? null);
    }
    for (const standing of await standings(this.#hub, names)) this.#log(standing).standing = standing;
    const asked = devices.flatMap(({ device, state, offeredAt }) =>
      state === "offered" && offeredAt !== null ? [{ device, offeredAt }] : [],
    );
    if (asked.length === 0) return;
    for (const { device, at } of await firstPredictions(this.#hub, asked, rollout.release)) {
      this.#firstPredictions.set(device, Number(at));
    }
  }

  #log({ device }: { readonly device: string }): DeviceLog {
    return this.#logs.get(device)!; // rows are asked for by the logs' names
  }
}

/** Devices that were asked, up to a thousand of them, and the first of those that still wait: enough to compare with. */
function watchedDevices(rollout: Rollout): readonly RolloutDevice[] {
  const devices = devicesOf(rollout);
  const asked = devices.filter(({ state }) => state === "offered" || state === "running");
  const waiting = devices.filter(({ state }) => state === "waiting");
  return [...asked.slice(0, mostTreated), ...waiting.slice(0, mostControls)];
}

async function readAll<Row>(
  after: () => readonly After[],
  read: (wanted: readonly After[]) => Promise<readonly Row[]>,
  take: (row: Row) => void,
): Promise<void> {
  for (let rows = await read(after()); ; rows = await read(after())) {
    for (const row of rows) take(row);
    if (rows.length < mostRows) return;
  }
}
