// Sets the colour scheme before the first paint; a file of its own because the hub allows no inline scripts.
(() => {
  let chosen = null;
  try {
    chosen = localStorage.getItem("fieldloop-scheme");
  } catch {}
  const isDark = chosen === "dark" || (chosen !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.setAttribute("data-mantine-color-scheme", isDark ? "dark" : "light");
})();
