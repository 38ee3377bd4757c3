import { HubError } from "../errors.ts";
import type { FleetApplier } from "../inbox/fleet-applier.ts";
import type { Role } from "./role.ts";

/** A person who may use the hub from now on. */
export type PersonDecision = {
  readonly name: string;
  readonly role: Role;
  readonly tokenHash: string;
  readonly by: string;
  readonly at: number;
};

/** Writes a person; one name is one person at a time. @throws {HubError} `already-there` */
export const applyPerson: FleetApplier<PersonDecision> = async (session, fleet, { name, role, tokenHash, by, at }) => {
  const { rows } = await session.query<{ name: string }>(
    "select name from people where fleet = $1 and lower(name) = lower($2) and revoked_at is null",
    [fleet, name],
  );
  if (rows.length > 0) {
    throw new HubError("already-there", `Expected a new name, ${rows[0]?.name} is there already; revoke them first.`);
  }
  await session.query(
    `insert into people (fleet, token_hash, name, role, created_at, created_by) values ($1, $2, $3, $4, $5, $6)
     on conflict do nothing`,
    [fleet, tokenHash, name, role, at, by],
  );
};

/** A person who may no longer use the hub; what they wrote stays theirs. */
export type PersonRevokedDecision = { readonly name: string; readonly by: string; readonly at: number };

/** Ends a person's token, and with it their sessions. @throws {HubError} `not-found` */
export const applyPersonRevoked: FleetApplier<PersonRevokedDecision> = async (session, fleet, { name, by, at }) => {
  const { affected } = await session.query(
    `update people set revoked_at = $3, revoked_by = $4 where fleet = $1 and name = $2 and revoked_at is null`,
    [fleet, name, at, by],
  );
  if (affected === 0) throw new HubError("not-found", `Expected a person of this hub, found none named ${name}.`);
};
