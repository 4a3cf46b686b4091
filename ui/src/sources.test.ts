/** Rules about the sources themselves. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const HERE = import.meta.dirname;
const FILES = readdirSync(HERE, { recursive: true, encoding: "utf-8" }).filter((name) => /\.(css|tsx?)$/.test(name));

test("a colour stands nowhere but among the tokens", () => {
  const colour = /#[0-9a-f]{3,8}\b|\b(rgb|hsl|oklch)a?\(/gi;
  const found = FILES.filter((name) => name !== join("styles", "tokens.css") && !/\.test\.ts$/.test(name)).flatMap(
    (name) => (readFileSync(join(HERE, name), "utf-8").match(colour) ?? []).map((match) => `${name}: ${match}`),
  );
  expect(found).toEqual([]);
});

test("no file is longer than 400 lines", () => {
  const long = FILES.filter((name) => !/\.css$/.test(name)).filter(
    (name) => readFileSync(join(HERE, name), "utf-8").split("\n").length > 400,
  );
  expect(long).toEqual([]);
});
