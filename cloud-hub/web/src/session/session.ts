import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { get, post, remove } from "../api/hub.ts";
import type { Role } from "./role.ts";

/** Who this browser is to the hub. role: what it may do now; a visitor on the hub's own machine may look, elsewhere nothing */
export type Session = {
  readonly person: { readonly name: string; readonly role: Role } | null;
  readonly role: Role | null;
  readonly fleet: string;
  readonly version: string;
};

/** Asks who one is. */
export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: ({ signal }) => get<Session>("/v1/session", {}, signal),
  staleTime: 60_000,
});

/** Who one is, or undefined while that is not known. */
export function useSession(): Session | undefined {
  return useQuery(sessionQuery).data;
}

/** What one may do now. */
export function useRole(): Role | null {
  return useSession()?.role ?? null;
}

/** Signs in with a token: the hub answers with a cookie that scripts cannot read. */
export function useSignIn() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (token: string) => post<Session>("/v1/session", { token }),
    onSuccess: () => client.resetQueries(),
  });
}

/** Signs out. */
export function useSignOut() {
  const client = useQueryClient();
  return useMutation({ mutationFn: () => remove<Session>("/v1/session"), onSuccess: () => client.resetQueries() });
}
