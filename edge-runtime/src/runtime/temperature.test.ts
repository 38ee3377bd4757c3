import assert from "node:assert/strict";
import test from "node:test";
import { type MachineFs, machineTemperatureC } from "./temperature.ts";

function machine(zones: Readonly<Record<string, { readonly type?: string; readonly temp?: string }>>): MachineFs {
  return {
    list: () => [...Object.keys(zones), "cooling_device0"],
    text: (path) => {
      const [zone, file] = path.split("/").slice(-2);
      const text = zones[zone ?? ""]?.[file as "type" | "temp"];
      if (text === undefined) throw new Error("ENODATA");
      return `${text}\n`;
    },
  };
}

test("tells the hottest zone of the processor, in degrees", () => {
  const board = machine({
    thermal_zone0: { type: "cpu-thermal", temp: "48312" },
    thermal_zone1: { type: "cpu-thermal", temp: "51000" },
    thermal_zone2: { type: "battery", temp: "60000" },
  });
  assert.equal(machineTemperatureC(board), 51);
});

test("takes any zone where none names the processor", () => {
  assert.equal(machineTemperatureC(machine({ thermal_zone0: { type: "acpitz", temp: "27800" } })), 27.8);
});

test("says nothing where the machine has no sensors, they are off, or they say what cannot be", () => {
  const none: MachineFs = {
    list: () => {
      throw new Error("ENOENT");
    },
    text: () => "",
  };
  assert.equal(machineTemperatureC(none), undefined);
  assert.equal(machineTemperatureC(machine({ thermal_zone0: { type: "cpu" } })), undefined);
  for (const temp of ["", "-273000", "999999", "hot"])
    assert.equal(machineTemperatureC(machine({ thermal_zone0: { type: "cpu", temp } })), undefined, temp);
});
