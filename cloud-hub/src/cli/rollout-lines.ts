import type { RuleVerdict } from "../rollouts/health/index.ts";
import type { Rollout, Wave } from "../rollouts/rollout.ts";
import { brief, moment, table } from "./output.ts";

/** One rollout for people: how it stands, its waves with their devices, and each rule with figure and limit. */
export function rolloutLines(rollout: Rollout): string[] {
  const { id, release, group, state, cause, reason, by, createdAt, endedAt } = rollout;
  return [
    `Rollout ${id}: release ${brief(release)} to ${group}, ${state}${cause === null || cause === state ? "" : ` (${cause})`}`,
    `Started by ${by} at ${moment(createdAt)} UTC${endedAt === null ? "" : `, ended at ${moment(endedAt)} UTC`}.`,
    reason,
    ...rollout.waves.flatMap(waveLines),
  ];
}

/** All rollouts, one a line. */
export function rolloutList(rollouts: readonly Rollout[]): string[] {
  if (rollouts.length === 0) return ['No rollout yet; "fieldloop rollout start RELEASE GROUP" starts one.'];
  return table([
    ["rollout", "release", "group", "state", "waves", "started", "reason"],
    ...rollouts.map(({ id, release, group, state, waves, createdAt, reason }) => [
      id,
      brief(release),
      group,
      state,
      `${waves.filter((wave) => wave.state === "healthy").length}/${waves.length}`,
      moment(createdAt),
      reason.length > 80 ? `${reason.slice(0, 79)}…` : reason,
    ]),
  ]);
}

function waveLines(wave: Wave): string[] {
  const header = `Wave ${wave.number} (${wave.share}): ${wave.state}${wave.openedAt === null ? "" : ` since ${moment(wave.decidedAt ?? wave.openedAt)} UTC`}`;
  const devices = table([
    ["device", "profile", "state", "before", "first prediction", "note"],
    ...wave.devices.map(({ device, profile, state, previous, firstPredictionAt, reason }) => [
      device,
      profile,
      state,
      brief(previous),
      moment(firstPredictionAt),
      reason ?? "",
    ]),
  ]);
  const verdict = wave.verdict === null ? [] : ["", ...ruleLines(wave.verdict.rules), wave.verdict.sentence];
  return ["", header, ...[...devices, ...verdict].map((line) => (line === "" ? "" : `  ${line}`))];
}

function ruleLines(rules: readonly RuleVerdict[]): string[] {
  if (rules.length === 0) return [];
  return table([
    ["rule", "verdict", "harm", "from", "to", "stops above", "healthy below", "n", "unit"],
    ...rules.map((rule) => [
      rule.title,
      rule.verdict,
      number(rule.value),
      number(rule.low),
      number(rule.high),
      String(rule.harmAbove),
      String(rule.healthyBelow),
      String(rule.n),
      rule.unit,
    ]),
  ]);
}

function number(value: number | null): string {
  if (value === null) return "–";
  if (Math.abs(value) >= 100) return value.toFixed(0);
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 3);
}
