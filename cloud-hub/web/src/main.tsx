import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "./styles/mantine.css";
import "./styles/tokens.css";
import "./styles/base.css";
import { queryClient } from "./app/query-client.ts";
import { router } from "./app/router.ts";
import { useScheme } from "./app/scheme.ts";
import { theme } from "./app/theme.ts";

function Page() {
  const { shown } = useScheme();
  return (
    // Mantine would write its variables and classes as style elements; they stand in files instead (styles/).
    <MantineProvider
      theme={theme}
      defaultColorScheme={shown}
      forceColorScheme={shown}
      withCssVariables={false}
      withGlobalClasses={false}
    >
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  );
}

const place = document.getElementById("page");
if (place === null) throw new Error('Expected an element "page" in index.html, found none.');
createRoot(place).render(
  <StrictMode>
    <Page />
  </StrictMode>,
);
