import { expect, test } from "vitest";
import type { PathUse, StageView } from "../api/repository";
import { sentences, stateMark, upright } from "./graph";
import { place } from "./placing";
import { NODE_HEIGHT, NODE_WIDTH } from "./graph";
import { commandGist, commandLine, dataAt, dataId, foundStages, isMoving, isOther, joinedLog, logLines, pipelineFiles, stageGraph, stateCounts, wouldRun } from "./stages";

function pathUse(path: string, made_by = "", state: PathUse["state"] = ""): PathUse {
  return { path, oid: "", size: null, state, made_by, kind: "" };
}

function stage(address: string, more: Partial<StageView> = {}): StageView {
  return {
    address, name: address, file: "dvc.yaml", wdir: ".", cmd: [`python src/${address}.py`], deps: [], outs: [], params: [],
    state: "unchanged", reasons: [], frozen: false, desc: "", last_run: null, duration: null, run_id: "", has_log: false, ...more,
  };
}

const STAGES = [
  stage("prepare", { deps: [pathUse("data.xml", "data.xml.dvc", "modified"), pathUse("src/prepare.py")], state: "changed" }),
  stage("train", { deps: [pathUse("prepared", "prepare"), pathUse("data.xml", "data.xml.dvc", "modified")], params: [{ file: "params.yaml", key: "lr", value: "0.5", state: "" }] }),
  stage("sub/dvc.yaml:report", { file: "sub/dvc.yaml", state: "frozen" }),
];
const EDGES = [
  { source: "prepare", target: "train", paths: ["prepared", "words"] },
  { source: "gone", target: "train", paths: [] },
];

test("a pipeline is a graph of its stages and of the data that it begins with", () => {
  const graph = stageGraph({ stages: STAGES, edges: EDGES });
  expect(graph.nodes.map((node) => `${node.kind} ${node.label} ${node.state}`)).toEqual([
    "data data.xml modified",
    "stage prepare changed",
    "stage train unchanged",
    "stage sub/dvc.yaml:report frozen",
  ]);
  expect(graph.edges.map((edge) => `${edge.source} ${edge.target}`)).toEqual(["data:data.xml prepare", "data:data.xml train", "prepare train"]);
  expect(sentences(graph).map((said) => said.text)).toEqual(["was read by", "was read by", "is needed by (prepared, words)"]);
  const { boxes } = place({ ids: graph.nodes.map((node) => node.id), edges: graph.edges.map((edge) => [edge.source, edge.target] as const), vertical: false, width: NODE_WIDTH, height: NODE_HEIGHT });
  expect(boxes.prepare!.x).toBeLessThan(boxes.train!.x);
  expect(stageGraph({ stages: [], edges: [] }).nodes).toEqual([]);
  expect([dataAt(dataId("a/b")), dataAt("train")]).toEqual(["a/b", null]);
});

test("each state of a stage looks different, and those that would run are counted", () => {
  const states = ["unchanged", "changed", "never run", "frozen", "always", "running", "failed"] as const;
  const marks = states.map((state) => stateMark(state)!);
  expect(new Set(marks.map((mark) => mark.icon)).size).toBe(states.length);
  expect(states.filter((state) => wouldRun({ state }))).toEqual(["changed", "never run", "always", "failed"]);
  expect(stateCounts(STAGES)).toEqual([
    { state: "changed", count: 1 },
    { state: "frozen", count: 1 },
    { state: "unchanged", count: 1 },
  ]);
});

test("stages are found by what they are called, run, read, write and take", () => {
  const found = (text: string) => foundStages(STAGES, text).map((each) => each.address);
  expect(found("TRAIN")).toEqual(["train"]);
  expect(found("data.xml")).toEqual(["prepare", "train"]);
  expect(found("lr=0.5")).toEqual(["train"]);
  expect(found(" ")).toHaveLength(3);
  expect(pipelineFiles(STAGES)).toEqual(["dvc.yaml", "sub/dvc.yaml"]);
});

test("a command fits into a box", () => {
  expect(commandLine(["a \\\n  --b c", "d"])).toBe("a --b c && d");
  expect(commandGist(["python src/train.py data model.pkl"])).toBe("train.py");
  expect(commandGist(["uv run python -m shop.train --fast"])).toBe("shop.train");
  expect(commandGist(["cp in out"])).toBe("cp in out");
});

test("a graph stands upright where more of it can be read so", () => {
  const chain = (count: number) => ({
    root: "", truncated: false,
    nodes: Array.from({ length: count }, (_, at) => ({ id: `${at}`, kind: "stage", label: "", detail: "", state: "", at: null, more_up: 0, more_down: 0 })),
    edges: Array.from({ length: count - 1 }, (_, at) => ({ source: `${at}`, target: `${at + 1}`, kind: "needs", detail: "" })),
  });
  expect(upright(chain(6), 800, 700)).toBe(true);
  expect(upright(chain(2), 800, 700)).toBe(false);
  expect(upright({ ...chain(6), edges: [] }, 1200, 700)).toBe(false);
  const circle = { ...chain(3), edges: [...chain(3).edges, { source: "2", target: "0", kind: "needs", detail: "" }] };
  expect(typeof upright(circle, 800, 700)).toBe("boolean");
});

test("parts of a log are joined; one that leaves out a piece, or of another log, begins it anew", () => {
  const first = { text: "a\n", start: 0, end: 2, running: true, log: "1" };
  const whole = joinedLog(joinedLog(null, first), { text: "b", start: 2, end: 3, running: false, log: "1" });
  expect(whole).toEqual({ text: "a\nb", start: 0, end: 3, running: false, log: "1" });
  expect(joinedLog(first, { ...first, text: "z", start: 900, end: 901 }).start).toBe(900);
  const other = { text: "z", start: 2, end: 3, running: true, log: "2" };
  expect(joinedLog(first, other).text).toBe("z");
  expect([isOther(first, other, 2), isOther(first, { ...other, log: "1" }, 2), isOther(null, other, 0)]).toEqual([true, false, false]);
  expect(logLines("a\nb\n")).toEqual(["a", "b"]);
  expect(logLines("")).toEqual([]);
});

test("only what runs is asked for again", () => {
  expect(isMoving([{ kind: "queued" }, { kind: "experiment" }])).toBe(false);
  expect(isMoving([{ kind: "running" }])).toBe(true);
});
