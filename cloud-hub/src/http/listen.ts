import { HubError } from "../errors.ts";

/** The port that was asked for is taken: says whose it may be and what to do. */
export function portBusy(what: "HTTP" | "MQTT", address: string, port: number, cause: unknown): HubError {
  const option = what === "HTTP" ? "--port" : "--mqtt-port";
  return new HubError(
    "port-busy",
    `Expected ${what} port ${port} on ${address} to be free, another program has it; stop that one, or give ${option} (0 takes a free one).`,
    { cause },
  );
}

/**
 * Listens on a port; 0 takes the one it had before if it is still free, else any.
 * listen: starts listening and answers the port it got
 * @throws {HubError} `port-busy`
 */
export async function listenOnPort(
  what: "HTTP" | "MQTT",
  address: string,
  asked: { readonly port: number; readonly before: number | undefined },
  listen: (port: number) => Promise<number>,
): Promise<number> {
  if (asked.port === 0 && asked.before !== undefined) {
    try {
      return await listen(asked.before);
    } catch (error) {
      if (!isBusy(error)) throw error;
    }
  }
  try {
    return await listen(asked.port);
  } catch (error) {
    throw isBusy(error) && !(error instanceof HubError) ? portBusy(what, address, asked.port, error) : error;
  }
}

const isBusy = (error: unknown): boolean =>
  ["EADDRINUSE", "port-busy"].includes((error as { code?: string }).code ?? "");
