import { Transform, type TransformCallback } from "node:stream";

/** How much one connection may send. Bytes and milliseconds; source: MQTT 3.1.1 §2.2.3 for the remaining length. */
export type PacketLimits = {
  /** Of the CONNECT packet, which comes before anybody is known. */
  readonly connectBytes: number;
  /** Of every packet after it. */
  readonly packetBytes: number;
  /** Until CONNECT is there. */
  readonly connectMs: number;
};

/** Limits that fit the messages of `@fieldloop/devices`. */
export const packetLimits: PacketLimits = { connectBytes: 8 * 1024, packetBytes: 256 * 1024, connectMs: 5000 };

/** Why a connection was cut off. */
export type Violation = "packet-too-large" | "malformed-length" | "not-a-connect" | "connect-too-late";

const connectType = 1;

/**
 * Passes MQTT bytes on, and cuts the connection at the first fixed header that announces more than the limits allow:
 * the parser behind it never holds a packet that is too large.
 */
export function packetFilter(limits: PacketLimits, onViolation: (why: Violation) => void): Transform {
  const header = new HeaderReader();
  let bodyLeft = 0;
  let isConnected = false;
  let isCut = false;
  const deadline = setTimeout(() => cut("connect-too-late"), limits.connectMs);
  const cut = (why: Violation): void => {
    if (isCut) return;
    isCut = true;
    clearTimeout(deadline);
    onViolation(why);
  };
  const check = (type: number, length: number): Violation | undefined => {
    if (!isConnected && type !== connectType) return "not-a-connect";
    return length > (isConnected ? limits.packetBytes : limits.connectBytes) ? "packet-too-large" : undefined;
  };
  const inspect = (chunk: Buffer): Violation | undefined => {
    for (let at = 0; at < chunk.length; ) {
      if (bodyLeft > 0) {
        const step = Math.min(bodyLeft, chunk.length - at);
        bodyLeft -= step;
        at += step;
        continue;
      }
      const packet = header.add(chunk[at] ?? 0);
      at += 1;
      if (packet === "malformed") return "malformed-length";
      if (packet === undefined) continue;
      const violation = check(packet.type, packet.length);
      if (violation !== undefined) return violation;
      isConnected = true;
      clearTimeout(deadline);
      bodyLeft = packet.length;
    }
    return undefined;
  };
  return new Transform({
    transform(chunk: Buffer, _encoding, done: TransformCallback) {
      const violation = isCut ? undefined : inspect(chunk);
      if (violation !== undefined) cut(violation);
      done(null, isCut ? undefined : chunk);
    },
    destroy(error, done) {
      clearTimeout(deadline);
      done(error);
    },
  });
}

/** Reads fixed headers byte by byte. */
class HeaderReader {
  #type: number | undefined;
  #length = 0;
  #shift = 0;

  add(byte: number): { readonly type: number; readonly length: number } | "malformed" | undefined {
    if (this.#type === undefined) {
      this.#type = byte >> 4;
      return undefined;
    }
    this.#length |= (byte & 0x7f) << this.#shift;
    this.#shift += 7;
    if ((byte & 0x80) !== 0) return this.#shift >= 28 ? "malformed" : undefined;
    const packet = { type: this.#type, length: this.#length };
    this.#type = undefined;
    this.#length = 0;
    this.#shift = 0;
    return packet;
  }
}
