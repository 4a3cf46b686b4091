import { describe, expect, test } from "vitest";
import type { DataDiff, DataVersion, Tracked } from "../api/repository";
import { asked, changeLines, choices, getWays, growth, makerOf, namesOf, pathMark, shownPair, sizeChange, trackedAt, trackedRows, trackedUri, within, WORKING } from "./tracked";

function item(path: string, more: Partial<Tracked> = {}): Tracked {
  return {
    path, source: `${path}.dvc`, kind: "data", oid: "a".repeat(32), size: 1, files: null, state: "", is_dir: false,
    remote: "", desc: "", type: "", labels: [], imported_from: "", dataset: "", runs: 0, ...more,
  };
}

function version(revision: string, size: number | null, more: Partial<DataVersion> = {}): DataVersion {
  return {
    oid: revision, size, files: null, revision, author: "Ada", message: "", at: 0, branches: [], tags: [], dataset: "", runs: 0,
    current: false, ...more,
  };
}

describe("the list of what is tracked", () => {
  const all = [
    item("data/b10", { size: null }),
    item("data/b9", { size: 5, state: "modified", desc: "Posts of a forum" }),
    item("model.pkl", { kind: "output", source: "dvc.yaml:train", size: 9, labels: ["nlp"] }),
  ];
  const paths = (filter: Parameters<typeof trackedRows>[1]) => trackedRows(all, filter).map((each) => each.path);

  test("is found by path, source, description and label, by kind and by state", () => {
    expect(paths({ q: "FORUM" })).toEqual(["data/b9"]);
    expect(paths({ q: "nlp" })).toEqual(["model.pkl"]);
    expect(paths({ q: "train" })).toEqual(["model.pkl"]);
    expect(paths({ kind: "data" })).toEqual(["data/b9", "data/b10"]);
    expect(paths({ state: "unchanged" })).toEqual(["data/b10", "model.pkl"]);
  });

  test("is sorted by any column, numbers in paths by their value, what is not known below zero", () => {
    expect(paths({})).toEqual(["data/b9", "data/b10", "model.pkl"]);
    expect(paths({ sort: "-size" })).toEqual(["model.pkl", "data/b9", "data/b10"]);
    expect(paths({ sort: "state" })[0]).toBe("data/b9");
    expect(paths({ sort: "nonsense" })).toEqual(paths({}));
  });

  test("says what makes a path", () => {
    expect(makerOf("data/x.dvc")).toEqual({ file: "data/x.dvc" });
    expect(makerOf("dvc.yaml:train")).toEqual({ stage: "train" });
    expect(makerOf("sub/dvc.yaml:train@2")).toEqual({ stage: "sub/dvc.yaml:train@2" });
  });

  test("has a word for each state", () => {
    expect(["", "new", "modified", "deleted", "not in cache"].map((state) => pathMark(state).word)).toEqual([
      "Up to date", "New", "Modified", "Deleted", "Not fetched",
    ]);
  });
});

describe("versions", () => {
  const versions = [version("c3", 30), version("b2", null), version("a1", 10)];

  test("the working tree is one of them only where it holds something else", () => {
    expect(choices(versions, "")).toEqual(["c3", "b2", "a1"]);
    expect(choices(versions, "not in cache")).toEqual(["c3", "b2", "a1"]);
    expect(choices(versions, "modified")).toEqual([WORKING, "c3", "b2", "a1"]);
    expect([asked(WORKING), asked("c3")]).toEqual(["", "c3"]);
  });

  test("the newest that was saved is shown, against the one before, unless others are chosen", () => {
    const options = choices(versions, "modified");
    expect(shownPair(options, undefined, undefined)).toEqual({ rev: "c3", against: "b2" });
    expect(shownPair(options, WORKING, undefined)).toEqual({ rev: WORKING, against: "c3" });
    expect(shownPair(options, "a1", undefined)).toEqual({ rev: "a1", against: "" });
    expect(shownPair(options, "a1", WORKING)).toEqual({ rev: "a1", against: WORKING });
    expect(shownPair(options, "gone", "c3")).toEqual({ rev: "c3", against: "b2" });
    expect(shownPair([], undefined, undefined)).toEqual({ rev: "", against: "" });
    expect(shownPair([WORKING], undefined, undefined)).toEqual({ rev: WORKING, against: "" });
  });

  test("a version says by how much it grew, where that is known", () => {
    expect(growth([version("c", 30), version("b", 10), version("a", null)])).toEqual([20, null, null]);
  });
});

describe("changes", () => {
  const diff: DataDiff = {
    added: [{ path: "d/c", old_path: "", size_before: null, size_after: 7 }],
    deleted: [{ path: "d/a", old_path: "", size_before: 2, size_after: null }],
    modified: [{ path: "d/b", old_path: "", size_before: 3, size_after: 4 }],
    renamed: [{ path: "d/e", old_path: "d/f", size_before: null, size_after: null }],
    counts: {}, truncated: false,
  };

  test("stand in the order of their paths, and sum up", () => {
    expect(changeLines(diff).map((line) => `${line.kind} ${line.path}`)).toEqual(["deleted d/a", "modified d/b", "added d/c", "renamed d/e"]);
    expect(sizeChange(diff)).toBe(6);
    expect(sizeChange({ ...diff, modified: [{ path: "d/b", old_path: "", size_before: null, size_after: 4 }] })).toBeNull();
  });

  test("are named within what is tracked", () => {
    expect([within("d", "d/x/y"), within("d", "d"), within("d", "dd/x")]).toEqual(["x/y", "", "dd/x"]);
  });
});

test("an address of tracked files says path, commit and kind, whatever is in them", () => {
  for (const place of [
    { path: "data/a b&c=ü#%.csv", rev: "main", isDir: false },
    { path: "d", rev: "", isDir: true },
  ]) {
    expect(trackedAt(trackedUri(place))).toEqual(place);
  }
  expect(trackedAt("runs:/abc")).toBeNull();
});

test("how to get a version names its commit, and shells and Python get what they can read", () => {
  const now = getWays({ path: "data/it's.csv", is_dir: false }, "");
  expect(now.cli).toBe("treering data pull 'data/it'\\''s.csv'");
  expect(now.python).toContain('treering.open("data/it\'s.csv")');
  const before = getWays({ path: "data/pictures", is_dir: true }, "b4f1c8f");
  expect(before.cli).toContain("treering data get . data/pictures --rev b4f1c8f --out b4f1c8f-pictures");
  expect(before.python).toContain('treering.data.get("data/pictures", "pictures", rev="b4f1c8f")');
  expect(namesOf({ path: "data/pictures", rev: "b4f1c8f00", isDir: true }, "a/1.png").ways.python).toContain('open("data/pictures/a/1.png", rev="b4f1c8f")');
});
