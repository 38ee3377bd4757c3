import { hostname } from "node:os";
import { Command } from "commander";
import { type ConnectionOptions, connect, withConnection } from "../connection.ts";
import { brief, moment, print, table } from "../output.ts";

/** `fieldloop devices`: add a device, list them, look at one. */
export const devicesCommand = (): Command =>
  new Command("devices").description("the fleet's devices").addCommand(add()).addCommand(list()).addCommand(show());

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
      print(options, devices, () =>
        table([
          ["device", "profile", "group", "enrolled", "last seen", "runs", "shall run"],
          ...devices.map((each) => [
            each.device,
            each.profile,
            each.group ?? "",
            each.enrolled ? "yes" : "no",
            moment(each.lastSeen),
            brief(each.release),
            brief(each.desired?.release ?? null),
          ]),
        ]),
      );
    });

const show = (): Command =>
  withConnection(new Command("show"))
    .description("show one device")
    .argument("<device>")
    .action(async (device: string, options: ConnectionOptions) => {
      const found = await (await connect(options)).device(device);
      print(options, found, () => [JSON.stringify(found, undefined, 2)]);
    });
