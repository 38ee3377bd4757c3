import Type from "typebox";
import {
  AddedPersonSchema,
  addPerson,
  ListedPersonSchema,
  listPeople,
  NewPersonSchema,
  revokePerson,
} from "../../people/person.ts";
import type { RouteGroup } from "../route-group.ts";
import { personOf } from "../security/access.ts";

const NameSchema = Type.Object({ name: Type.String({ minLength: 1, maxLength: 64 }) });
const PeopleSchema = Type.Object({ people: Type.Array(ListedPersonSchema) });

/** Who may use the hub. */
export const peopleRoutes: RouteGroup = (server, hub) => {
  server.get("/v1/people", { config: { access: "admin" }, schema: { response: { 200: PeopleSchema } } }, async () => ({
    people: await listPeople(hub),
  }));
  server.post(
    "/v1/people",
    { config: { access: "admin" }, schema: { body: NewPersonSchema, response: { 201: AddedPersonSchema } } },
    async (request, reply) => reply.status(201).send(await addPerson(hub, request.body, personOf(request))),
  );
  server.delete(
    "/v1/people/:name",
    { config: { access: "admin" }, schema: { params: NameSchema, response: { 200: PeopleSchema } } },
    async (request) => {
      await revokePerson(hub, request.params.name, personOf(request));
      return { people: await listPeople(hub) };
    },
  );
};
