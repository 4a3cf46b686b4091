import { expect, test } from "vitest";
import { conditionOf } from "./brush";

test("ranges and texts become a condition", () => {
  expect(
    conditionOf([
      { field: "params.lr", from: 0.000123456, to: 0.01 },
      { field: "params.optimizer", texts: ["adam", "it's"] },
      { field: "min.val/loss", from: null, to: 0.32101 },
    ]),
  ).toBe("params.`lr` >= 0.000123 AND params.`lr` <= 0.01 AND params.`optimizer` IN ('adam', 'it''s') AND metrics.`val/loss`.min <= 0.322");
  expect(conditionOf([{ field: "params.a", texts: ["b"] }])).toBe("params.`a` = 'b'");
  expect(conditionOf([])).toBe("");
});

test("rounding loses nothing that was chosen, and tells near ends apart", () => {
  expect(conditionOf([{ field: "params.a", from: 1000.123, to: 1000.456 }])).toBe("params.`a` >= 1000.123 AND params.`a` <= 1000.456");
  expect(conditionOf([{ field: "params.a", from: -0.5, to: 0 }])).toBe("params.`a` >= -0.5 AND params.`a` <= 0");
});
