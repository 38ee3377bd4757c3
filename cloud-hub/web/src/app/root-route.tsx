import { IconMapSearch } from "@tabler/icons-react";
import { createRootRoute, Link } from "@tanstack/react-router";
import { Empty } from "../states/empty.tsx";
import { Failing } from "../states/failing.tsx";
import { Shell } from "./shell.tsx";

/** The route that every page hangs on. */
export const rootRoute = createRootRoute({
  component: Shell,
  notFoundComponent: NotFound,
  errorComponent: ({ error, reset }) => <Failing error={error} retry={reset} />,
});

function NotFound() {
  return (
    <Empty title="No such page" icon={IconMapSearch}>
      This address leads nowhere. <Link to="/">Go to the loop</Link>.
    </Empty>
  );
}
