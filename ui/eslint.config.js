import hooks from "eslint-plugin-react-hooks";
import { defineConfig, globalIgnores } from "eslint/config";
import typescript from "typescript-eslint";

export default defineConfig([
  globalIgnores(["public", "scripts", "generated", "eslint.config.js", "vite.config.ts", "vite.figure.config.ts"]),
  typescript.configs.strict,
  hooks.configs.flat.recommended,
  {
    rules: {
      // `!` stands where the line above has made sure; noUncheckedIndexedAccess would else want a branch that never runs.
      "@typescript-eslint/no-non-null-assertion": "off",
      // TanStack's table and virtualiser return functions that the compiler cannot memoise, and need not.
      "react-hooks/incompatible-library": "off",
    },
  },
]);
