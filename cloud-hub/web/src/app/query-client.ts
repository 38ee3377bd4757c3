import { QueryClient } from "@tanstack/react-query";
import { HubAnswerError } from "../api/hub-answer.ts";

/**
 * Asks and remembers. The live stream says when to ask again, so nothing is polled; a silent hub or a refusal is not asked
 * again by itself, so that a hub's restart meets few connections.
 */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      gcTime: 5 * 60_000,
      networkMode: "always",
      refetchOnReconnect: false,
      retry: (failures, error) => failures < 1 && error instanceof HubAnswerError && error.status >= 500,
    },
    mutations: { networkMode: "always", retry: false },
  },
});
