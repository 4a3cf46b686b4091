/** The palette's colours stay apart for everybody, and so do the 20 lines made of them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { colourVariable, isDashed, SLOTS } from "./palette";
import { contrast, difference, lab, linear, seen, type Sight, type Triple } from "./vision";

const TOKENS = readFileSync(join(import.meta.dirname, "..", "styles", "tokens.css"), "utf-8");
const THEMES = { light: block(":root"), dark: block('[data-theme="dark"]') };
// Smallest difference of two of the ten colours; what was measured when they were chosen.
const FLOORS: Record<keyof typeof THEMES, Record<Sight, number>> = {
  light: { normal: 21.6, protan: 13.5, deutan: 13.2, tritan: 14.6 },
  dark: { normal: 24.2, protan: 15.2, deutan: 14.3, tritan: 16.2 },
};

function block(selector: string): Record<string, string> {
  const body = TOKENS.split(`${selector} {`)[1]!.split("}")[0]!;
  return Object.fromEntries([...body.matchAll(/(--[\w-]+): (#[0-9a-f]{6});/g)].map(([, name, value]) => [name!, value!]));
}

function smallest(colours: readonly Triple[]): number {
  const gaps = colours.flatMap((one, index) => colours.slice(index + 1).map((other) => difference(one, other)));
  return Math.min(...gaps);
}

test("the difference is that of published pairs", () => {
  // Sharma, Wu and Dalal (2005), table 1.
  const pairs: [Triple, Triple, number][] = [
    [[50, 2.6772, -79.7751], [50, 0, -82.7485], 2.0425],
    [[50, -1.3802, -84.2814], [50, 0, -82.7485], 1.0],
    [[50, 2.5, 0], [50, 0, -2.5], 4.3065],
    [[50, 2.5, 0], [73, 25, -18], 27.1492],
    [[60.2574, -34.0099, 36.2677], [60.4626, -34.1751, 39.4387], 1.2644],
    [[22.7233, 20.0904, -46.694], [23.0331, 14.973, -42.5619], 2.0373],
    [[6.7747, -0.2908, -2.4247], [5.8714, -0.0985, -2.2286], 0.6377],
  ];
  for (const [one, other, known] of pairs) expect(difference(one, other)).toBeCloseTo(known, 3);
});

test.each(["light", "dark"] as const)("ten colours are told apart by everybody on %s", (theme) => {
  const colours = Array.from({ length: 10 }, (_, slot) => linear(THEMES[theme][colourVariable(slot)]!));
  for (const sight of ["normal", "protan", "deutan", "tritan"] as const) {
    expect(smallest(colours.map((light) => lab(seen(light, sight))))).toBeGreaterThanOrEqual(FLOORS[theme][sight]);
  }
  const ground = linear(THEMES[theme]["--bg"]!);
  for (const light of colours) expect(contrast(light, ground)).toBeGreaterThanOrEqual(3);
});

test("no two of 20 runs have the same stroke", () => {
  const strokes = Array.from({ length: SLOTS }, (_, slot) => `${colourVariable(slot)} ${isDashed(slot)}`);
  expect(new Set(strokes).size).toBe(20);
});

test.each(["light", "dark"] as const)("the sequential scale rises in lightness, the diverging one falls to both sides, on %s", (theme) => {
  const colours = { ...THEMES.light, ...THEMES[theme] };
  const scale = (name: string) =>
    Object.keys(colours)
      .filter((key) => key.startsWith(name))
      .sort((a, b) => Number(a.slice(name.length)) - Number(b.slice(name.length)))
      .map((key) => lab(linear(colours[key]!))[0]);
  const rising = scale("--viridis-");
  expect(rising.length).toBeGreaterThanOrEqual(7);
  expect([...rising].sort((a, b) => a - b)).toEqual(rising);
  const sides = scale("--diverging-");
  expect(sides.length % 2).toBe(1);
  const middle = (sides.length - 1) / 2;
  const way = theme === "light" ? 1 : -1;
  const left = sides.slice(0, middle + 1).map((light) => light * way);
  const right = sides.slice(middle).map((light) => light * way);
  expect([...left].sort((a, b) => a - b)).toEqual(left);
  expect([...right].sort((a, b) => b - a)).toEqual(right);
});
