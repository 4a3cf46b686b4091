import { describe, expect, it } from "vitest";
import { isReserved, sourceTags } from "./tags";

describe("reserved tags", () => {
  it("are those of MLflow and Treering", () => {
    const keys = ["mlflow.user", "treering.capture", "treering", "team", "my.treering.x"];
    expect(keys.filter(isReserved)).toEqual(["mlflow.user", "treering.capture"]);
  });

  it("tell what a run ran", () => {
    const tags = {
      team: "vision",
      "mlflow.user": "me",
      "mlflow.source.git.branch": "main",
      "treering.environment.python": "3.12.1",
      "treering.capture": "runs:/1/treering",
      "treering.capture.digest": "abc",
    };
    expect(sourceTags(tags)).toEqual([
      ["source.git.branch", "main"],
      ["environment.python", "3.12.1"],
      ["capture", "runs:/1/treering"],
    ]);
  });
});
