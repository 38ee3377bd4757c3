import { isAbsolute } from "node:path";
import Type from "typebox";
import { HubError } from "../../errors.ts";
import type { RouteGroup } from "../route-group.ts";

const RequestSchema = Type.Object({ file: Type.String({ minLength: 1, maxLength: 4096 }) });
const AnswerSchema = Type.Object({ file: Type.String(), bytes: Type.Integer(), verified: Type.Literal(true) });

/** Writing everything the hub holds into one file, while it runs. */
export const backupRoutes: RouteGroup = (server, hub) => {
  server.post("/v1/backup", { schema: { body: RequestSchema, response: { 200: AnswerSchema } } }, async (request) => {
    const { file } = request.body;
    if (!isAbsolute(file)) {
      throw new HubError("bad-request", `Expected an absolute path on the hub's machine, got ${JSON.stringify(file)}.`);
    }
    return hub.backup(file);
  });
};
