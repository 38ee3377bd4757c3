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
const pubackType = 4;

/**
 * What a filter asks and tells. onViolation: cut the connection · onPacket: a packet begins; returns how long to wait before
 * it is passed on, with everything behind it (ms)
 */
export type PacketWatch = {
  readonly onViolation: (why: Violation) => void;
  readonly onPacket?: (packet: { readonly bytes: number; readonly isAnswer: boolean }) => number;
};

/** How far a chunk was inspected. from: where the packet that must wait begins */
type Inspected =
  | { readonly kind: "end" }
  | { readonly kind: "violation"; readonly why: Violation }
  | { readonly kind: "wait"; readonly ms: number; readonly from: number; readonly at: number };

/**
 * Passes MQTT bytes on, and cuts the connection at the first fixed header that announces more than the limits allow:
 * the parser behind it never holds a packet that is too large. A packet that must wait holds the socket's reading.
 */
export function packetFilter(limits: PacketLimits, { onViolation, onPacket = () => 0 }: PacketWatch): Transform {
  const header = new HeaderReader();
  let bodyLeft = 0;
  let isConnected = false;
  let isCut = false;
  let waiting: NodeJS.Timeout | undefined;
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
  const inspect = (chunk: Buffer, start: number): Inspected => {
    let from = start;
    for (let at = start; at < chunk.length; ) {
      if (bodyLeft > 0) {
        const step = Math.min(bodyLeft, chunk.length - at);
        bodyLeft -= step;
        at += step;
        from = at;
        continue;
      }
      const packet = header.add(chunk[at] ?? 0);
      at += 1;
      if (packet === "malformed") return { kind: "violation", why: "malformed-length" };
      if (packet === undefined) continue;
      const why = check(packet.type, packet.length);
      if (why !== undefined) return { kind: "violation", why };
      isConnected = true;
      clearTimeout(deadline);
      bodyLeft = packet.length;
      const ms = onPacket({ bytes: packet.length, isAnswer: packet.type === pubackType });
      if (ms > 0) return { kind: "wait", ms, from, at };
      if (bodyLeft === 0) from = at;
    }
    return { kind: "end" };
  };
  const filter = new Transform({
    transform(chunk: Buffer, _encoding, done: TransformCallback) {
      const pass = (sentUpTo: number, start: number): void => {
        const result = isCut ? undefined : inspect(chunk, start);
        if (result?.kind === "violation") cut(result.why);
        if (result?.kind !== "wait") {
          done(null, result?.kind === "end" ? chunk.subarray(sentUpTo) : undefined);
          return;
        }
        const { ms, from, at } = result;
        if (from > sentUpTo) filter.push(chunk.subarray(sentUpTo, from));
        waiting = setTimeout(() => pass(Math.max(sentUpTo, from), at), ms);
      };
      pass(0, 0);
    },
    destroy(error, done) {
      clearTimeout(deadline);
      clearTimeout(waiting);
      done(error);
    },
  });
  return filter;
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
