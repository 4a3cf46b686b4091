/** A pipeline as a page shows it: its graph, words for the states of its stages, which of them a search finds. */

import type { ExperimentRow, PathUse, PipelineView, StageView } from "../api/repository";
import type { Graph, GraphNode } from "./graph";

/** Whether the next `treering repro` would run it. */
export function wouldRun({ state }: Pick<StageView, "state">): boolean {
  return state === "changed" || state === "never run" || state === "always" || state === "failed";
}

/** How many stages there are of each state, the pressing ones first. */
export function stateCounts(stages: readonly Pick<StageView, "state">[]): { state: string; count: number }[] {
  const order = ["running", "failed", "changed", "never run", "always", "frozen", "unchanged"];
  return order
    .map((state) => ({ state, count: stages.filter((stage) => stage.state === state).length }))
    .filter(({ count }) => count > 0);
}

/** Stages whose name, file, command, paths or params hold the text. */
export function foundStages(stages: readonly StageView[], text: string): StageView[] {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return [...stages];
  return stages.filter((stage) =>
    [
      stage.address,
      stage.desc,
      ...stage.cmd,
      ...[...stage.deps, ...stage.outs].map((use) => use.path),
      ...stage.params.map((param) => `${param.key}=${param.value}`),
    ].some((part) => part.toLowerCase().includes(wanted)),
  );
}

/** The files in which stages stand, in their order. */
export function pipelineFiles(stages: readonly StageView[]): string[] {
  return [...new Set(stages.map((stage) => stage.file))];
}

/** Data that comes from no stage, as a node of the graph. */
const DATA = "data:";

/** The path of a node that is data and no stage; null for a stage. */
export function dataAt(id: string): string | null {
  return id.startsWith(DATA) ? id.slice(DATA.length) : null;
}

export function dataId(path: string): string {
  return DATA + path;
}

/** A stage's command on one line. */
export function commandLine(cmd: readonly string[]): string {
  return cmd.map((line) => line.replace(/\s*\\?\n\s*/g, " ").trim()).join(" && ");
}

/** What a command runs, short enough for a box: the script, the module, or its first words. */
export function commandGist(cmd: readonly string[]): string {
  const words = commandLine(cmd).split(" ");
  const script = words.slice(0, 4).find((word) => /^[\w./-]+\.(py|sh|r|R|jl|ipynb|js|pl|lua)$/.test(word));
  if (script) return script.slice(script.lastIndexOf("/") + 1);
  const module = words.indexOf("-m");
  if (module > 0 && /python/.test(words[module - 1] ?? "")) return words[module + 1] ?? "";
  return words.slice(0, 4).join(" ");
}

/** Stages and the tracked data that they begin with, as a graph; what one stage hands to another is told on the line. */
export function stageGraph({ stages, edges }: Pick<PipelineView, "stages" | "edges">): Graph {
  const known = new Set(stages.map((stage) => stage.address));
  const sources = new Map<string, { use: PathUse; readers: string[] }>();
  for (const stage of stages) {
    for (const use of stage.deps) {
      if (!use.made_by || known.has(use.made_by)) continue;
      const source = sources.get(use.path) ?? { use, readers: [] };
      source.readers.push(stage.address);
      sources.set(use.path, source);
    }
  }
  const data = [...sources].map(([path, { use }]): GraphNode => node(dataId(path), "data", path, "", use.state));
  return {
    root: "",
    nodes: [...data, ...stages.map((stage) => node(stage.address, "stage", stage.address, commandGist(stage.cmd), stage.state))],
    edges: [
      ...[...sources].flatMap(([path, { readers }]) =>
        readers.map((reader) => ({ source: dataId(path), target: reader, kind: "input", detail: "" })),
      ),
      ...edges
        .filter((edge) => known.has(edge.source) && known.has(edge.target))
        .map((edge) => ({ source: edge.source, target: edge.target, kind: "needs", detail: edge.paths.join(", ") })),
    ],
    truncated: false,
  };
}

function node(id: string, kind: string, label: string, detail: string, state: string): GraphNode {
  return { id, kind, label, detail, state, at: null, more_up: 0, more_down: 0 };
}

/** Whether an experiment runs now: what waits for somebody to start the queue may do so for days. */
export function isMoving(rows: readonly Pick<ExperimentRow, "kind">[]): boolean {
  return rows.some((row) => row.kind === "running");
}

/** A part of a log; `start` and `end` in bytes. */
export interface LogPart {
  text: string;
  start: number;
  end: number;
  running: boolean;
  /** Which log it is of; the stage has another one when it ran again. */
  log: string;
}

/** Whether a part that was asked for from `start` on is of another log than what is known, which is to be read from its beginning. */
export function isOther(before: Pick<LogPart, "log"> | null, part: LogPart, start: number): boolean {
  return before !== null && start > 0 && part.log !== before.log;
}

/** What is known of a log after a further part; a part that leaves something out begins it anew. */
export function joinedLog(before: LogPart | null, part: LogPart): LogPart {
  if (!before || part.log !== before.log || part.start !== before.end) return part;
  return { ...part, text: before.text + part.text, start: before.start };
}

export function logLines(text: string): string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}
