import { Option } from "commander";

/** The option that names a device's data folder. */
export function dataOption(): Option {
  return new Option("--data <dir>", "the device's data folder").env("FIELDLOOP_EDGE_DATA").default(".fieldloop/edge");
}

/** The option that asks for JSON. */
export function jsonOption(what: string): Option {
  return new Option("--json", `print ${what} as JSON`);
}
