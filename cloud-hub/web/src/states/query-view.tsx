import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Failing } from "./failing.tsx";
import { Loading } from "./loading.tsx";

/** Shows a query's data, or its loading or failing state. Data that stands stays, also when asking again fails. */
export function QueryView<T>(props: {
  query: UseQueryResult<T>;
  loading?: ReactNode;
  children: (data: T) => ReactNode;
}) {
  const { query, loading, children } = props;
  if (query.data !== undefined) return children(query.data);
  if (query.isError) return <Failing error={query.error} retry={() => void query.refetch()} />;
  return loading === undefined ? <Loading /> : loading;
}
