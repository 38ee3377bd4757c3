import { hostname } from "node:os";
import { Command } from "commander";
import { type ConnectionOptions, connect, withConnection } from "../connection.ts";
import { deviceLines, deviceList, timelineLines } from "../device-lines.ts";
import { moment, print } from "../output.ts";

/** `fieldloop devices`: add a device, list them, look at one. */
export const devicesCommand = (): Command =>
  new Command("devices")
    .description("the fleet's devices")
    .addCommand(add())
    .addCommand(list())
    .addCommand(show())
    .addCommand(group());

type AddOptions = ConnectionOptions & { profile: string; group?: string; simulated?: boolean };

const add = (): Command =>
  withConnection(new Command("add"))
    .description("add a device and print the one-time code that enrols it (valid for 24 hours)")
    .argument("<device>")
    .option("--profile <name>", "kind of machine", "x86-64")
    .option("--group <name>", "group within the fleet")
    .option("--simulated", "mark it as simulated")
    .action(async (device: string, options: AddOptions) => {
      const { profile, group, simulated } = options;
      const added = await (await connect(options)).addDevice({ device, profile, group, simulated });
      print(options, added, () => [
        `Device ${device} may enrol until ${moment(added.expiresAt)} UTC; on that machine (not ${hostname()}, unless it is the one):`,
        `fieldloop-edge enrol ${added.code}`,
      ]);
    });

const list = (): Command =>
  withConnection(new Command("list"))
    .description("list devices")
    .action(async (options: ConnectionOptions) => {
      const devices = await (await connect(options)).devices();
      print(options, devices, () => deviceList(devices));
    });

const group = (): Command =>
  withConnection(new Command("group"))
    .description('put a device into a group, in place of the one it was in; "none" takes it out')
    .argument("<device>")
    .argument("<group>")
    .action(async (device: string, name: string, options: ConnectionOptions) => {
      const found = await (await connect(options)).setDeviceGroup(device, name === "none" ? null : name);
      print(options, found, () => [
        `Device ${device} is in ${found.group === null ? "no group" : `group ${found.group}`}.`,
      ]);
    });

const show = (): Command =>
  withConnection(new Command("show"))
    .description("show one device and what happened to it in the last 24 hours")
    .argument("<device>")
    .action(async (device: string, options: ConnectionOptions) => {
      const client = await connect(options);
      const [found, timeline] = [await client.device(device), await client.deviceTimeline(device)];
      print(options, { ...found, timeline }, () => [...deviceLines(found), "", ...timelineLines(timeline)]);
    });
