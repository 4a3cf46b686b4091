import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

/**
 * The bundler's few helpers are a file of their own, which the first load would ask for: the core carries a copy.
 * What is loaded later shares the file.
 */
const ownHelpers: Plugin = {
  name: "own-helpers",
  enforce: "post",
  transformIndexHtml: {
    order: "post",
    handler: (html) => html.replace(/\s*<script[^>]*\/assets\/rolldown-runtime-[^>]*><\/script>/, ""),
  },
  generateBundle(_, bundle) {
    const chunks = Object.values(bundle).filter((file) => file.type === "chunk");
    const core = chunks.find((chunk) => chunk.name === "core")!;
    const helpers = chunks.find((chunk) => chunk.name === "rolldown-runtime")!;
    const wanted = /import\{([^}]*)\}from"\.\/rolldown-runtime-[^"]*";/.exec(core.code);
    const given = /^([^]*)export\{([^}]*)\};\s*$/.exec(helpers.code);
    if (!wanted || !given) throw new Error("The bundler writes its helpers in another way than expected.");
    const parts = given[2]!.split(",").map((one) => one.split(" as ")).map(([own, name]) => `${name ?? own}:${own}`);
    const names = wanted[1]!.split(",").map((one) => one.replace(" as ", ":"));
    const copy = `const{${names.join()}}=(()=>{${given[1]};return{${parts.join()}}})();`;
    core.code = core.code.replace(wanted[0], () => copy);
  },
};

// `npm run dev` talks to a Treering server on this address; TREERING_DEV_SERVER names another.
const server = process.env.TREERING_DEV_SERVER ?? "http://127.0.0.1:5000";

export default defineConfig({
  plugins: [react(), ownHelpers],
  resolve: { alias: { hysnappy: new URL("src/lib/snappy.ts", import.meta.url).pathname } },
  build: {
    outDir: "../src/treering/server/static",
    emptyOutDir: true,
    target: "es2023",
    cssCodeSplit: false, // one small file is one request
    assetsInlineLimit: 0, // the content security policy allows no data: URLs
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        // What the first load needs is one file: everything that is imported from here without `import()`.
        advancedChunks: { groups: [{ name: "core", test: /\/src\/main\.tsx$/ }] },
      },
    },
    chunkSizeWarningLimit: 700,
  },
  server: { proxy: { "/api": server } },
});
