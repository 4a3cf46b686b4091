import { describe, expect, test } from "vitest";
import { parseCsv } from "./csv";
import { csvLine } from "./csvline";
import { placeOf, quote, tokens } from "./grammar";
import { addressOf } from "./oldlinks";

describe("the grammar", () => {
  test("is cut into pieces without losing a character", () => {
    for (const filter of ['metrics.`val/loss` < 0.6 and params.o = "adamw"', "tags.x LIKE '%a''b%", "((", "ü ∞"]) {
      expect(tokens(filter).map((token) => token.text).join("")).toBe(filter);
    }
    const words = tokens("metrics.loss < 1 and params.lr = 'a'").filter((token) => token.kind === "word");
    expect(words.map((token) => token.text)).toEqual(["metrics", "and", "params"]);
  });

  test("points at the character that the server means", () => {
    expect(placeOf({ text: "metrics.loss << 1", start: 14, end: 15 }, "metrics.loss << 1")).toEqual({ start: 14, end: 15 });
    expect(placeOf({ text: "tags.`🌲` x", start: 9, end: 10 }, "tags.`🌲` x")).toEqual({ start: 10, end: 11 });
    expect(placeOf({ text: "loss UP", start: 5, end: 7 }, "metrics.loss < 1")).toBeNull();
  });

  test("quotes doubled", () => {
    expect(quote("it's")).toBe("'it''s'");
  });
});

test("CSV with quotes, other delimiters and Windows line ends", () => {
  expect(parseCsv('a,b\r\n"x, ""y""",2\r\n', 10)).toEqual([
    ["a", "b"],
    ['x, "y"', "2"],
  ]);
  expect(parseCsv("a;b\n1;2", 10)).toEqual([
    ["a", "b"],
    ["1", "2"],
  ]);
  expect(parseCsv("a\n1\n2\n3", 2)).toHaveLength(2);
  expect(parseCsv("", 5)).toEqual([]);
});

test("links that MLflow prints lead to the same thing", () => {
  expect(addressOf("#/experiments/3/runs/abc")).toBe("/runs/abc");
  expect(addressOf("#/experiments/3")).toBe("/experiments/3");
  expect(addressOf("#/models/churn/versions/2")).toBe("/models/churn");
  expect([addressOf(""), addressOf("#top")]).toEqual(["", ""]);
});

test("a line of a table is read again as it was written, and holds no formula", () => {
  const cells = ["a,b", 'say "x"', "two\nlines", -1.5, null, true, "-1.5"];
  expect(parseCsv(csvLine(cells))).toEqual([["a,b", 'say "x"', "two\nlines", "-1.5", "", "true", "-1.5"]]);
  expect(csvLine(["=1+1", "@x", "-x", "+1"])).toBe("'=1+1,'@x,'-x,'+1\r\n");
});
