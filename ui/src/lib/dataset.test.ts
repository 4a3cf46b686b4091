import { describe, expect, test } from "vitest";
import { changes, columnPairs, columnsOf, placeOf, profileLines, sizeOf } from "./dataset";

const TABLE = JSON.stringify({
  mlflow_colspec: [
    { type: "double", name: "acid", required: true },
    { type: "long", required: false },
    { type: "array", items: { type: "string" }, name: "notes", required: true },
  ],
});
const TENSORS = JSON.stringify({
  mlflow_tensorspec: {
    features: JSON.stringify([{ type: "tensor", "tensor-spec": { dtype: "uint8", shape: [-1, 28, 28] } }]),
    targets: JSON.stringify([
      { name: "a", type: "tensor", "tensor-spec": { dtype: "float32", shape: [-1] } },
      { name: "b", type: "tensor", "tensor-spec": { dtype: "float32", shape: [-1] } },
    ]),
  },
});

describe("columns", () => {
  test("of a table", () => {
    expect(columnPairs(TABLE)).toEqual([
      ["acid", "double"],
      ["column 2", "long, optional"],
      ["notes", "array of string"],
    ]);
  });

  test("of tensors, written as JSON inside JSON", () => {
    expect(columnPairs(TENSORS)).toEqual([
      ["features", "uint8 [-1, 28, 28]"],
      ["targets.a", "float32 [-1]"],
      ["targets.b", "float32 [-1]"],
    ]);
    const half = JSON.stringify({ mlflow_tensorspec: { features: "[]", targets: null } });
    expect(columnsOf(half)).toEqual([]);
  });

  test("of what says nothing", () => {
    for (const schema of ["", "no JSON", "[]", "null", "{}", '{"mlflow_colspec": "x"}']) expect(columnsOf(schema)).toEqual([]);
  });
});

test("sizes are those that the profile states", () => {
  expect(sizeOf('{"num_rows": 100, "num_elements": 1200}')).toEqual({ rows: 100, columns: 12, bytes: null });
  const arrays = '{"features_shape": [60, 28], "features_nbytes": 1680, "targets_shape": [60], "targets_nbytes": 480}';
  expect(sizeOf(arrays)).toEqual({ rows: 60, columns: null, bytes: 2160 });
  const named = '{"features_shape": {"a": [7, 2]}, "features_nbytes": {"a": 5, "b": 6}}';
  expect(sizeOf(named)).toEqual({ rows: 7, columns: null, bytes: 11 });
  expect(sizeOf('{"approx_count": 9}').rows).toBe(9);
  for (const profile of ["", "x", "[]", '{"num_rows": "many"}']) expect(sizeOf(profile).rows).toBeNull();
});

test("a profile is listed line by line", () => {
  expect(profileLines('{"num_rows": 3, "note": "x", "shape": [1, 2], "none": null}')).toEqual([
    ["num_rows", "3"],
    ["note", "x"],
    ["shape", "[1,2]"],
  ]);
  expect(profileLines("")).toEqual([]);
});

test("a source says where it lies", () => {
  expect(placeOf('{"uri": "s3://a/b"}')).toBe("s3://a/b");
  expect(placeOf('{"url": "https://x"}')).toBe("https://x");
  expect(placeOf('{"tags": {"mlflow.source.name": "train.py", "mlflow.user": "ada"}}')).toBe("train.py");
  expect(placeOf("plain text")).toBe("plain text");
  expect(placeOf('{"odd": 1}')).toBe('{"odd": 1}');
  expect(placeOf("{}")).toBe("");
});

test("changes name what is new, gone and other", () => {
  expect(changes([["a", "long"], ["b", "long"], ["c", "long"]], [["d", "string"], ["a", "long"], ["b", "double"]])).toEqual([
    { name: "d", before: null, after: "string" },
    { name: "b", before: "long", after: "double" },
    { name: "c", before: "long", after: null },
  ]);
  expect(changes([["a", "x"]], [["a", "x"]])).toEqual([]);
});
