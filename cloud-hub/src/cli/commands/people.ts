import { Command } from "commander";
import { HubError } from "../../errors.ts";
import { type Role, roles } from "../../people/role.ts";
import { type ConnectionOptions, connect, withConnection } from "../connection.ts";
import { moment, print, table } from "../output.ts";

/** `fieldloop people`: who may use the hub, and as what. */
export const peopleCommand = (): Command =>
  new Command("people").description("who may use the hub").addCommand(add()).addCommand(list()).addCommand(revoke());

const add = (): Command =>
  withConnection(new Command("add"))
    .description("add a person and print their token, which is shown this once")
    .argument("<name>")
    .requiredOption("--role <role>", roles.join(", "))
    .action(async (name: string, options: ConnectionOptions & { role: string }) => {
      const added = await (await connect(options)).addPerson({ name, role: roleOf(options.role) });
      print(options, added, () => [
        `${added.name} may use the hub as ${added.role}. Their token, shown this once, for signing in on the page and as FIELDLOOP_TOKEN:`,
        added.token,
      ]);
    });

function roleOf(text: string): Role {
  const role = roles.find((each) => each === text);
  if (role !== undefined) return role;
  throw new HubError("bad-request", `Expected --role to be one of ${roles.join(", ")}, got ${JSON.stringify(text)}.`);
}

const list = (): Command =>
  withConnection(new Command("list"))
    .description("list people")
    .action(async (options: ConnectionOptions) => {
      const people = await (await connect(options)).people();
      print(options, people, () =>
        table([
          ["name", "role", "added", "by", "revoked"],
          ...people.map(({ name, role, createdAt, createdBy, revokedAt }) => [
            name,
            role,
            moment(createdAt),
            createdBy,
            revokedAt === null ? "" : moment(revokedAt),
          ]),
        ]),
      );
    });

const revoke = (): Command =>
  withConnection(new Command("revoke"))
    .description("end a person's token and sessions")
    .argument("<name>")
    .action(async (name: string, options: ConnectionOptions) => {
      const people = await (await connect(options)).revokePerson(name);
      print(options, people, () => [`${name} can no longer use the hub; what they wrote stays theirs.`]);
    });
