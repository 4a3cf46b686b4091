import { defineConfig } from "vite";

// The page that figures are drawn in: a build of its own, so that it shares no script with the interface and the
// interface's first load stays one script.
export default defineConfig({
  publicDir: false,
  build: {
    outDir: "../src/treering/server/static",
    emptyOutDir: false,
    target: "es2023",
    cssCodeSplit: false,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1500,
    rollupOptions: { input: "figure.html", output: { assetFileNames: "assets/figure-[name]-[hash][extname]" } },
  },
});
