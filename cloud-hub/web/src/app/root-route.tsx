import { IconMapSearch } from "@tabler/icons-react";
import { createRootRoute, Link } from "@tanstack/react-router";
import { Empty } from "../states/empty.tsx";
import { Failing } from "../states/failing.tsx";
import { PageHeader, usePageTitle } from "./page-header.tsx";
import { Shell } from "./shell.tsx";

/** The route that every page hangs on. */
export const rootRoute = createRootRoute({
  component: Shell,
  notFoundComponent: NotFound,
  errorComponent: ({ error, reset }) => <Failing error={error} retry={reset} />,
});

function NotFound() {
  usePageTitle("No such page");
  return (
    <>
      <PageHeader title="No such page" />
      <Empty title="This address leads nowhere" icon={IconMapSearch}>
        <Link to="/">Go to the loop</Link>, or press <kbd>?</kbd> to see the ways.
      </Empty>
    </>
  );
}
