import { Command } from "commander";
import { readIdentity } from "../identity/identity.ts";
import type { RuntimeStatus } from "../runtime/status.ts";
import { askStatus } from "../runtime/status-socket.ts";
import { dataOption, jsonOption } from "./data-folder.ts";

/** `fieldloop-edge status`: how the runtime in a data folder stands, or whose folder it is when none works there. */
export function statusCommand(): Command {
  return new Command("status")
    .description("say how the runtime in a data folder stands")
    .addOption(dataOption())
    .addOption(jsonOption("everything"))
    .action(async ({ data, json }: { readonly data: string; readonly json?: boolean }) => {
      const { fleet, device, profile } = await readIdentity(data);
      const status = await askStatus(data);
      if (json) print(JSON.stringify({ isRunning: status !== undefined, fleet, device, profile, ...status }));
      else print(status === undefined ? `Device "${device}" of fleet "${fleet}" is not running.` : describe(status));
    });
}

function describe(status: RuntimeStatus): string {
  const { frames, journal, uplink } = status;
  const unanswered = Object.entries(frames.unanswered).map(([reason, count]) => `${reason} ${count}`);
  const waiting = Object.entries(journal.lanes).map(([lane, { waiting }]) => `${lane} ${waiting}`);
  const evicted = Object.values(journal.lanes).reduce((sum, lane) => sum + lane.evicted, 0);
  const lost = Object.entries(status.unrecorded).flatMap(([lane, reasons]) =>
    Object.entries(reasons ?? {}).map(([reason, count]) => `${lane} ${reason} ${count}`),
  );
  return [
    `Device "${status.device}" of fleet "${status.fleet}" (${status.profile})`,
    `release    ${status.release ?? "none yet"} (desired state ${status.desiredNumber})`,
    ...servingLines(status),
    `frames     ${frames.answered} answered of ${frames.frames}${unanswered.length > 0 ? `; not: ${unanswered.join(", ")}` : ""}`,
    `waiting    ${waiting.join(", ")}; evicted ${evicted}; ${journal.diskBytes} bytes on disk`,
    ...(status.engineRestarts > 0
      ? [`engine     ended by itself ${status.engineRestarts} times and was started anew`]
      : []),
    ...(lost.length > 0 ? [`unrecorded ${lost.join(", ")}`] : []),
    `audit      rate ${status.audit.rate ?? "unknown"}${status.audit.halvings > 0 ? `, halved ${status.audit.halvings} times` : ""}`,
    `hub        ${uplink?.isConnected ? "connected" : `away${uplink?.lastError ? ` (${uplink.lastError})` : ""}`}; ${status.bytes.up} bytes up, ${status.bytes.down} down`,
  ].join("\n");
}

function servingLines({ releases: { serving } }: RuntimeStatus): string[] {
  if (serving === undefined) return [];
  const passed = serving.passedOver.map(({ engine, target, why }) => `not in     ${engine} as ${target}: ${why}`);
  return [`runs in    ${serving.engine} as ${serving.target}`, ...passed];
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
