/** JSON files: as what they are for (a table, a figure, a histogram), as a tree, or as text. */

import { useMemo, useState } from "react";
import { contentUrl } from "../../api/artifacts";
import { type JsonKind, jsonKind, parseJson, splitTable } from "../../lib/jsontext";
import { languageOf, nameOf } from "../../lib/previews";
import { isObject, tableOfObjects } from "../../lib/tables";
import { CopyButton } from "../copy";
import { Boundary } from "../feedback";
import { Code } from "./code";
import { type Drawing, FigureFrame } from "./frame";
import { Grid } from "./grid";
import { Histogram } from "./histogram";
import { JsonTree } from "./json";
import { type FileProps, MOST_WHOLE, Whole } from "./reading";
import { TextFile } from "./text";

type View = "figure" | "table" | "tree" | "text";
const NAMES: Record<View, string> = { figure: "Figure", table: "Table", tree: "Tree", text: "Text" };

export function JsonFile(props: FileProps) {
  if (props.size > MOST_WHOLE) return <TextFile {...props} />;
  return <Whole {...props}>{({ text }) => <Shown {...props} text={text} />}</Whole>;
}

function Shown({ uri, path, text }: FileProps & { text: string }) {
  const read = useMemo(() => {
    try {
      const value = parseJson(text);
      return { value, kind: jsonKind(value), failed: "" };
    } catch (error) {
      return { value: null, kind: "plain" as const, failed: error instanceof Error ? error.message : String(error) };
    }
  }, [text]);
  const views = read.failed ? (["text"] as const) : viewsOf(read.kind, read.value);
  const [chosen, setChosen] = useState<View>(views[0]!);
  const view = views.includes(chosen as never) ? chosen : views[0]!;
  return (
    <>
      <div className="preview-bar">
        {read.failed && <span className="tone-warn small">Not valid JSON: {read.failed}</span>}
        {views.length > 1 && (
          <span className="segments" role="group" aria-label="View">
            {views.map((name) => (
              <button key={name} type="button" aria-pressed={view === name} onClick={() => setChosen(name)}>
                {NAMES[name]}
              </button>
            ))}
          </span>
        )}
        {view !== "table" && <CopyButton text={text} label="Copy" />}
      </div>
      <Boundary key={view} what="The file could not be shown in this way.">
        <Contents view={view} kind={read.kind} value={read.value} text={text} uri={uri} path={path} />
      </Boundary>
    </>
  );
}

function Contents({ view, kind, value, text, uri, path }: { view: View; kind: JsonKind; value: unknown; text: string; uri: string; path: string }) {
  const drawing = useMemo(() => ({ kind, spec: value }) as Drawing, [kind, value]);
  const table = useMemo(() => (kind === "table" ? splitTable(value) : Array.isArray(value) ? tableOfObjects(value) : null), [kind, value]);
  if (view === "text") return <Code text={indented(value, text)} language={languageOf(path)} label={path} />;
  if (view === "tree") return <JsonTree value={value} label={path} />;
  if (view === "table" && table) return <Grid table={table} label={path} picture={(cell) => <CellPicture uri={uri} value={cell} />} />;
  if (kind === "histogram") {
    const { counts, edges } = value as { counts: number[]; edges: number[] };
    return <Histogram counts={counts} edges={edges} label={nameOf(path)} />;
  }
  return (
    <div className="figure-box">
      <FigureFrame drawing={drawing} title={nameOf(path)} />
    </div>
  );
}

/** A picture in a table that `log_table` wrote: the small copy of it. */
function CellPicture({ uri, value }: { uri: string; value: unknown }) {
  if (!isObject(value) || typeof value.filepath !== "string") return null;
  const small = typeof value.compressed_filepath === "string" ? value.compressed_filepath : value.filepath;
  return <img className="cell-picture" src={contentUrl(uri, small)} alt={nameOf(value.filepath)} loading="lazy" />;
}

function viewsOf(kind: JsonKind, value: unknown): View[] {
  if (kind === "table") return ["table", "text"];
  if (kind !== "plain") return ["figure", "tree", "text"];
  const rows = Array.isArray(value) && value.length > 0 && value.every(isObject);
  return rows ? ["tree", "table", "text"] : ["tree", "text"];
}

function indented(value: unknown, text: string): string {
  try {
    return value === null ? text : JSON.stringify(value, null, 2);
  } catch {
    return text; // Deeper than can be written anew.
  }
}
