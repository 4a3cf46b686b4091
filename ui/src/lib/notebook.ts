/** Jupyter notebooks, taken apart into what is shown of each cell. */

import { isObject } from "./tables";

export type Output =
  | { kind: "text"; text: string; failed: boolean }
  | { kind: "picture"; url: string }
  | { kind: "html"; html: string }
  | { kind: "markdown"; text: string }
  | { kind: "plotly" | "vega" | "vega-lite"; spec: unknown }
  | { kind: "json"; value: unknown }
  | { kind: "left-out"; what: string };

export interface Cell {
  kind: "markdown" | "code" | "raw";
  source: string;
  count: number | null;
  outputs: Output[];
}

export interface Notebook {
  language: string;
  cells: Cell[];
}

const PICTURES = ["image/png", "image/jpeg", "image/gif", "image/webp"];
const LANGUAGE = /^[\w+#-]{1,20}$/;

/** Throws Error where it is no notebook of format 3 or newer. */
export function parseNotebook(value: unknown): Notebook {
  if (!isObject(value)) throw new Error("The file holds no notebook.");
  const sheet = Array.isArray(value.worksheets) && isObject(value.worksheets[0]) ? value.worksheets[0] : value;
  if (!Array.isArray(sheet.cells)) throw new Error("The file has no cells, so it is no notebook that can be shown.");
  const metadata = isObject(value.metadata) ? value.metadata : {};
  const info = isObject(metadata.language_info) ? metadata.language_info : {};
  const language = typeof info.name === "string" && LANGUAGE.test(info.name) ? info.name : "python";
  return { language, cells: sheet.cells.filter(isObject).map(cell) };
}

function cell(from: Record<string, unknown>): Cell {
  const kind = from.cell_type === "markdown" || from.cell_type === "code" ? from.cell_type : "raw";
  const outputs = Array.isArray(from.outputs) ? from.outputs.filter(isObject).map(output) : [];
  const count = typeof from.execution_count === "number" ? from.execution_count : null;
  return { kind, source: joined(from.source ?? from.input), count, outputs };
}

function output(from: Record<string, unknown>): Output {
  if (from.output_type === "stream") return { kind: "text", text: joined(from.text), failed: from.name === "stderr" };
  if (from.output_type === "error" || from.output_type === "pyerr") {
    const trace = Array.isArray(from.traceback) ? from.traceback.map(String).join("\n") : "";
    return { kind: "text", text: trace || `${String(from.ename)}: ${String(from.evalue)}`, failed: true };
  }
  return richest(isObject(from.data) ? from.data : from);
}

/** Of the forms that an output comes in, the one that tells most and can be shown. */
function richest(data: Record<string, unknown>): Output {
  for (const [type, value] of Object.entries(data)) {
    if (type.startsWith("application/vnd.plotly")) return { kind: "plotly", spec: value };
    if (type.startsWith("application/vnd.vegalite")) return { kind: "vega-lite", spec: value };
    if (type.startsWith("application/vnd.vega.")) return { kind: "vega", spec: value };
  }
  for (const type of PICTURES) {
    if (type in data) return { kind: "picture", url: `data:${type};base64,${joined(data[type]).replace(/\s/g, "")}` };
  }
  if ("image/svg+xml" in data) {
    return { kind: "picture", url: `data:image/svg+xml;charset=utf-8,${encodeURIComponent(joined(data["image/svg+xml"]))}` };
  }
  if ("text/html" in data) return { kind: "html", html: joined(data["text/html"]) };
  if ("text/markdown" in data) return { kind: "markdown", text: joined(data["text/markdown"]) };
  if ("application/json" in data) return { kind: "json", value: data["application/json"] };
  if ("text/plain" in data) return { kind: "text", text: joined(data["text/plain"]), failed: false };
  const types = Object.keys(data).filter((key) => key.includes("/"));
  return { kind: "left-out", what: types.join(", ") || "nothing" };
}

function joined(value: unknown): string {
  if (Array.isArray(value)) return value.map(String).join("");
  return typeof value === "string" ? value : "";
}
