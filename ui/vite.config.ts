import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// `npm run dev` talks to a Treering server on this address; TREERING_DEV_SERVER names another.
const server = process.env.TREERING_DEV_SERVER ?? "http://127.0.0.1:5000";

export default defineConfig({
  plugins: [react()],
  build: {
    outDir: "../src/treering/server/static",
    emptyOutDir: true,
    target: "es2023",
    assetsInlineLimit: 0, // the content security policy allows no data: URLs
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
  },
  server: { proxy: { "/api": server } },
});
