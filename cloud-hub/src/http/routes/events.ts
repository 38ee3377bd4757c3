import { HubError } from "../../errors.ts";
import { EventStreams, streamsPerPerson } from "../events/event-streams.ts";
import type { RouteGroup } from "../route-group.ts";

/** What changes, as it changes: `event: change` with the topics, at most twice a second. */
export const eventRoutes: RouteGroup = (server, hub) => {
  const streams = new EventStreams(hub.changes, () => hub.askDevices());
  server.addHook("preClose", async () => streams.close());
  server.get(
    "/v1/events",
    {
      config: { access: "viewer" },
      schema: {
        produces: ["text/event-stream"],
        description:
          'Server-sent events: "change" with {topics: string[], at: ms}, at most every 500 ms, and a comment every 15 s.',
      },
    },
    async (request, reply) => {
      const { person } = request;
      const owner = person?.name ?? request.ip;
      if (!streams.hasRoom(owner)) {
        throw new HubError(
          "too-many-streams",
          `Expected at most ${streamsPerPerson} open event streams of ${owner}; close pages that are not looked at.`,
        );
      }
      reply.hijack();
      const headers = reply.getHeaders() as Record<string, string>; // set by the server's own hook, as text
      streams.begin(
        reply.raw,
        { owner, isAllowed: async () => person === undefined || (await request.stillAllowed()) },
        headers,
      );
    },
  );
};
