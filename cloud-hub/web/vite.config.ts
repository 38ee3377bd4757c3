import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const hub = process.env.FIELDLOOP_HUB ?? "http://127.0.0.1:7600";

/** The page is plain files: no inline scripts, styles or data URLs, so that the hub's content policy can be strict. */
export default defineConfig({
  plugins: [react()],
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: "es2023",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1024,
  },
  server: { proxy: { "/v1": { target: hub, headers: { origin: hub } } } },
});
