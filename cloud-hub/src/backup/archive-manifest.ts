import { createHash } from "node:crypto";
import Type, { type Static } from "typebox";
import { Compile } from "typebox/compile";
import { HubError } from "../errors.ts";

const Count = Type.Integer({ minimum: 0 });

const EntrySchema = Type.Object({
  name: Type.String(),
  bytes: Count,
  sha256: Type.String(),
  rows: Type.Optional(Count),
});
/** One entry of an archive; rows: of a table's chunk. */
export type ArchiveEntry = Static<typeof EntrySchema>;

/**
 * The last entry of a dump or backup: everything it holds, by digest. drained: per lane of the inbox `epoch`, how far it was
 * in the tables when they were read · secrets: whether keys, token and certificate are in it, and how
 */
export const ArchiveManifestSchema = Type.Object({
  v: Type.Literal(1),
  kind: Type.Enum(["dump", "backup"]),
  createdAt: Count,
  migrations: Type.Array(Type.Object({ number: Count, digest: Type.String() })),
  inbox: Type.Object({ epoch: Type.String(), drained: Type.Record(Type.String(), Count) }),
  tables: Type.Record(Type.String(), Type.Object({ columns: Type.Array(Type.String()), rows: Count })),
  secrets: Type.Enum(["none", "encrypted", "left-out"]),
  entries: Type.Array(EntrySchema),
});
export type ArchiveManifest = Static<typeof ArchiveManifestSchema>;

const validator = Compile(ArchiveManifestSchema);

/** The manifest as bytes: its own digest on the first line, then JSON. */
export function encodeManifest(manifest: ArchiveManifest): Uint8Array {
  const json = JSON.stringify(manifest);
  return Buffer.from(`${createHash("sha256").update(json).digest("hex")}\n${json}\n`);
}

/** @throws {HubError} `bad-backup` */
export function decodeManifest(bytes: Uint8Array): ArchiveManifest {
  const [digest, json = ""] = Buffer.from(bytes).toString("utf8").split("\n");
  if (createHash("sha256").update(json).digest("hex") !== digest) throw badBackup("its manifest was changed or cut");
  const value: unknown = JSON.parse(json);
  if (validator.Check(value)) return value;
  throw badBackup("its manifest is of another version; use the hub that wrote it or a newer one");
}

/** The error for an archive that cannot be used. */
export const badBackup = (why: string, cause?: unknown): HubError =>
  new HubError("bad-backup", `Expected a whole dump or backup of a hub, but ${why}.`, { cause });
