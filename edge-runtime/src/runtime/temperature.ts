import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The two calls by which a machine's own files are read. */
export interface MachineFs {
  readonly list: (dir: string) => readonly string[];
  readonly text: (path: string) => string;
}

const machineFs: MachineFs = { list: (dir) => readdirSync(dir), text: (path) => readFileSync(path, "utf8") };
const folder = "/sys/class/thermal";
/** Zones that sit on the processor, by the names that boards give them. */
const processorNames = /cpu|soc|pkg|core|bigcore|gpu|tj/i;
const plausibleC = { from: -60, to: 150 } as const;

/**
 * The temperature of the machine in °C by its thermal zones (Linux, sysfs-class-thermal): the hottest one on the processor,
 * else the hottest one; `undefined` where there is none or what it says cannot be.
 */
export function machineTemperatureC(fs: MachineFs = machineFs): number | undefined {
  const zones = zoneNames(fs).flatMap((zone) => zoneOf(fs, join(folder, zone)));
  const onProcessor = zones.filter(({ type }) => processorNames.test(type));
  const temperatures = (onProcessor.length > 0 ? onProcessor : zones).map(({ temperatureC }) => temperatureC);
  return temperatures.length > 0 ? Math.max(...temperatures) : undefined;
}

function zoneNames(fs: MachineFs): readonly string[] {
  try {
    return fs.list(folder).filter((name) => name.startsWith("thermal_zone"));
  } catch {
    return []; // no such folder: a machine without sensors
  }
}

function zoneOf(fs: MachineFs, path: string): { readonly type: string; readonly temperatureC: number }[] {
  try {
    const text = fs.text(join(path, "temp")).trim();
    const temperatureC = Number(text) / 1000;
    const isPlausible = text !== "" && temperatureC > plausibleC.from && temperatureC < plausibleC.to;
    return isPlausible ? [{ type: fs.text(join(path, "type")).trim(), temperatureC }] : [];
  } catch {
    return []; // a zone that is switched off refuses to be read
  }
}
