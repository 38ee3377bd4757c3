import { isAbsolute } from "node:path";
import Type from "typebox";
import { HubError } from "../../errors.ts";
import type { RouteGroup } from "../route-group.ts";

/** passphrase: seals keys, token and certificate into the file; without it they are left out */
const RequestSchema = Type.Object({
  file: Type.String({ minLength: 1, maxLength: 4096 }),
  passphrase: Type.Optional(Type.String({ minLength: 8, maxLength: 1000 })),
});
const AnswerSchema = Type.Object({
  file: Type.String(),
  bytes: Type.Integer(),
  verified: Type.Literal(true),
  rows: Type.Integer(),
  blobs: Type.Integer(),
  secrets: Type.Enum(["encrypted", "left-out"]),
});

/** Writing everything the hub holds into one file, while it runs. */
export const backupRoutes: RouteGroup = (server, hub) => {
  server.post(
    "/v1/backup",
    { config: { access: "admin" }, schema: { body: RequestSchema, response: { 200: AnswerSchema } } },
    async (request) => {
      const { file, passphrase } = request.body;
      if (!isAbsolute(file)) {
        throw new HubError(
          "bad-request",
          `Expected an absolute path on the hub's machine, got ${JSON.stringify(file)}.`,
        );
      }
      return hub.backup(file, passphrase);
    },
  );
};
