import { Command } from "commander";
import { type ConnectionOptions, connect, withConnection } from "../connection.ts";
import { moment, print } from "../output.ts";

/** `fieldloop drift`: whether a device still sees what its version was made for. */
export const driftCommand = (): Command =>
  withConnection(new Command("drift"))
    .description("the drift of a device's windows")
    .argument("<device>")
    .action(async (device: string, options: ConnectionOptions) => {
      const report = await (await connect(options)).drift({ device });
      print(options, report, () => [
        ...report.windows.map((each) => `${moment(each.end)}  ${each.score.toFixed(2)}  ${each.explanation}`),
        report.alarm === undefined
          ? `No alarm over ${report.windows.length} windows (threshold ${report.threshold}).`
          : `Alarm at ${moment(report.alarm.at)} after ${report.alarm.windows} windows.`,
      ]);
    });
