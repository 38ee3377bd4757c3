import Type, { type Static } from "typebox";
import { HubError } from "../errors.ts";
import { hashSecret, newSecret } from "../fleet/credential.ts";
import type { Hub } from "../hub-parts.ts";
import { hubAdmin, type Person, roles } from "./role.ts";

/** A person to add. */
export const NewPersonSchema = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 64 }),
  role: Type.Enum([...roles]),
});
export type NewPerson = Static<typeof NewPersonSchema>;

/** A person who was added, with the token that is shown this once. */
export const AddedPersonSchema = Type.Object({
  name: Type.String(),
  role: Type.Enum([...roles]),
  token: Type.String(),
});
export type AddedPerson = Static<typeof AddedPersonSchema>;

/** Someone who may use the hub, or might once. */
export const ListedPersonSchema = Type.Object({
  name: Type.String(),
  role: Type.Enum([...roles]),
  createdAt: Type.Integer(),
  createdBy: Type.String(),
  revokedAt: Type.Union([Type.Integer(), Type.Null()]),
});
export type ListedPerson = Static<typeof ListedPersonSchema>;

const nameForm = /^[\p{L}\p{N}][\p{L}\p{M}\p{N} ._'@-]*$/u;
/** Names under which the hub itself writes. */
const ownNames = new Set([hubAdmin.name, "hub", "import"]);

/** Adds a person and makes their token; only its hash is kept. @throws {HubError} `bad-request`, `already-there` */
export async function addPerson(hub: Hub, { name, role }: NewPerson, by: Person): Promise<AddedPerson> {
  const plain = name.trim().normalize("NFC");
  if (!nameForm.test(plain) || ownNames.has(plain.toLowerCase())) {
    throw new HubError(
      "bad-request",
      `Expected a name of letters, digits, spaces and . _ ' @ - that is none of ${[...ownNames].join(", ")}, got ${JSON.stringify(name)}.`,
    );
  }
  const token = newSecret();
  const tokenHash = hashSecret(token);
  await hub.decide("person", `person ${tokenHash}`, { name: plain, role, tokenHash, by: by.name, at: hub.clock() });
  return { name: plain, role, token };
}

/** Everybody by name, those who may no longer use the hub last. */
export async function listPeople(hub: Hub): Promise<ListedPerson[]> {
  const rows = await hub.rows<ListedPerson>(
    `select name, role, created_at as "createdAt", created_by as "createdBy", revoked_at as "revokedAt"
     from people where fleet = $1 order by revoked_at is not null, lower(name), created_at limit 1000`,
    [hub.fleet],
  );
  return [...rows];
}

/** Ends a person's token and sessions at once. @throws {HubError} `not-found` */
export async function revokePerson(hub: Hub, name: string, by: Person): Promise<void> {
  const at = hub.clock();
  await hub.decide("person-revoked", `person-revoked ${name} ${at}`, { name, by: by.name, at });
}
