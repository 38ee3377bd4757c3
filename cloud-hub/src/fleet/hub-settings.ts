import { mkdir, open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { requireIdentifier } from "@fieldloop/devices";
import Type, { type Static } from "typebox";
import { Compile } from "typebox/compile";
import { HubError } from "../errors.ts";

const SettingsSchema = Type.Object({
  v: Type.Literal(1),
  fleet: Type.String({ pattern: "^[a-z0-9][a-z0-9_-]{0,63}$" }),
  createdAt: Type.Integer(),
  /** The key that its devices pinned: a folder without that key must not go on with another. */
  publicKey: Type.Optional(Type.String()),
  /** The ports it had last, which it takes again when any free one will do: devices know them. */
  httpPort: Type.Optional(Type.Integer()),
  mqttPort: Type.Optional(Type.Integer()),
});

/** What `hub.json` of a data folder says: whose data it is. */
export type HubSettings = Static<typeof SettingsSchema>;

const validator = Compile(SettingsSchema);

/**
 * Reads a data folder's settings, or makes the folder a hub's.
 * @throws {HubError} `bad-data-folder` when it is another fleet's, or its hub.json cannot be read
 */
export async function loadOrCreateSettings(
  dataDir: string,
  fleet: string | undefined,
  now: number,
): Promise<HubSettings> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const path = join(dataDir, "hub.json");
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (text === undefined) {
    const settings: HubSettings = { v: 1, fleet: requireIdentifier("fleet", fleet ?? "main"), createdAt: now };
    await saveSettings(dataDir, settings);
    return settings;
  }
  const settings = parse(text);
  if (settings === undefined) {
    throw new HubError(
      "bad-data-folder",
      `Expected the settings of a hub in ${path}, got something else; restore it from a backup or name another folder.`,
    );
  }
  if (fleet !== undefined && fleet !== settings.fleet) {
    throw new HubError(
      "bad-data-folder",
      `Expected the data of fleet ${fleet} in ${dataDir}, it holds fleet ${settings.fleet}; name another folder.`,
    );
  }
  return settings;
}

/** Writes a data folder's settings, whole or not at all. */
export async function saveSettings(dataDir: string, settings: HubSettings): Promise<void> {
  const path = join(dataDir, "hub.json");
  const file = await open(`${path}.new`, "w", 0o600);
  try {
    await file.writeFile(`${JSON.stringify(settings, undefined, 2)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
}

function parse(text: string): HubSettings | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return validator.Check(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
