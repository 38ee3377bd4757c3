import { useSyncExternalStore } from "react";

/** Light, dark, or as the system says. */
export type Scheme = "light" | "dark" | "auto";

const key = "fieldloop-scheme";
const system = matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();
let chosen = readChosen();

system.addEventListener("change", apply);

function readChosen(): Scheme {
  const stored = localStorage.getItem(key);
  return stored === "light" || stored === "dark" ? stored : "auto";
}

function apply(): void {
  document.documentElement.setAttribute("data-mantine-color-scheme", shownScheme());
  for (const listener of [...listeners]) listener();
}

function shownScheme(): "light" | "dark" {
  return chosen === "auto" ? (system.matches ? "dark" : "light") : chosen;
}

function choose(scheme: Scheme): void {
  chosen = scheme;
  localStorage.setItem(key, scheme);
  apply();
}

function listen(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The colours that are shown, those that were chosen, and how to choose. */
export function useScheme() {
  return {
    shown: useSyncExternalStore(listen, shownScheme),
    chosen: useSyncExternalStore(listen, () => chosen),
    choose,
  };
}
