import { expect, test } from "vitest";
import { codeOf } from "./code";

test("what is shown is said in three ways, with quotes as each of them wants", () => {
  const ways = codeOf({
    experimentIds: ["1"],
    filter: `params.opt = 'it''s' and metrics."a" < 1`,
    order: ["metrics.`val/loss` DESC"],
    view: "ALL",
    origin: "http://localhost:5000",
  });
  expect(ways.python).toContain(String.raw`filter_string="params.opt = 'it''s' and metrics.\"a\" < 1",`);
  expect(ways.python).toContain('order_by=["metrics.`val/loss` DESC"],');
  expect(ways.cli).toContain("treering runs list");
  expect(ways.cli).toContain(String.raw`--filter 'params.opt = '\''it'\'''\''s'\'' and metrics."a" < 1'`);
  expect(ways.cli).toContain("--view all");
  expect(ways.rest).toContain('"view":"ALL"');
  const plain = codeOf({ experimentIds: ["1", "2"], filter: "", order: [], view: "ACTIVE_ONLY", origin: "http://x" });
  expect(plain.cli).toContain("treering runs search \\\n  --experiment-id 1 \\\n  --experiment-id 2");
  expect(plain.python).not.toContain("filter_string");
});
