import { Command } from "commander";
import { HubError } from "../../errors.ts";
import { defaultDataDir } from "../connection.ts";

/** `fieldloop hub`: runs the hub until Ctrl-C. */
export const hubCommand = (): Command =>
  new Command("hub")
    .description("run the hub until Ctrl-C")
    .option("--data <folder>", "where the hub keeps everything", defaultDataDir)
    .option("--listen <address>", "address to listen on; any but loopback is served with TLS", "127.0.0.1")
    .option("--port <number>", "HTTP port; 0 takes the next free one", "7600")
    .option("--mqtt-port <number>", "MQTT port; 0 takes the next free one", "7601")
    .option("--fleet <name>", "name of the fleet, on the first start", "main")
    .option("--json", "print one JSON line once the hub answers")
    .action(
      async (options: {
        data: string;
        listen: string;
        port: string;
        mqttPort: string;
        fleet: string;
        json?: boolean;
      }) => {
        const { startHub } = await import("../../hub.ts"); // heavy: no other command waits for it
        const hub = await startHub({
          dataDir: options.data,
          listen: { address: options.listen, httpPort: port(options.port), mqttPort: port(options.mqttPort) },
          fleet: options.fleet,
        });
        const { url, mqttUrl, fingerprint } = hub;
        if (options.json)
          process.stdout.write(`${JSON.stringify({ url, mqttUrl, fingerprint: fingerprint ?? null })}\n`);
        else {
          process.stdout.write(`Hub of fleet ${hub.fleet} answers on ${url}, devices connect to ${mqttUrl}.\n`);
          if (fingerprint !== undefined) process.stdout.write(`Certificate fingerprint ${fingerprint}.\n`);
        }
        await untilStopped();
        await hub.close();
      },
    );

function port(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0 && value <= 65535) return value;
  throw new HubError("bad-request", `Expected a port from 0 to 65535, got ${JSON.stringify(text)}.`);
}

function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
  });
}
