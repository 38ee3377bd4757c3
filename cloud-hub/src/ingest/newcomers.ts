import type { Server, Socket } from "node:net";

/** Connections of which nobody knows yet whose they are, so many at most from one address; more are cut at once. */
export class Newcomers {
  readonly #most: number;
  readonly #byAddress = new Map<string, Set<string>>();

  constructor(most: number) {
    this.#most = most;
  }

  /** Watches a server's connections from their first packet on, before TLS too. */
  watch(server: Server): void {
    server.on("connection", (socket: Socket) => {
      const { address, name } = endOf(socket);
      const known = this.#byAddress.get(address) ?? new Set<string>();
      if (known.size >= this.#most) {
        socket.destroy();
        return;
      }
      this.#byAddress.set(address, known.add(name));
      socket.once("close", () => this.#leave(address, name));
    });
  }

  /** The connection proved whose it is. */
  settle(socket: Socket): void {
    const { address, name } = endOf(socket);
    this.#leave(address, name);
  }

  #leave(address: string, name: string): void {
    const known = this.#byAddress.get(address);
    known?.delete(name);
    if (known?.size === 0) this.#byAddress.delete(address);
  }
}

/** A TLS socket and the one beneath it have the same far end. */
function endOf({ remoteAddress = "", remotePort = 0 }: Socket): { readonly address: string; readonly name: string } {
  return { address: remoteAddress, name: `${remoteAddress} ${remotePort}` };
}
