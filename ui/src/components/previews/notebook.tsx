/** Jupyter notebooks: cells and what they put out. Nothing in them runs. */

import { useMemo, useState } from "react";
import { pieces } from "../../lib/ansi";
import { parseJson } from "../../lib/jsontext";
import { type Cell, type Output, parseNotebook } from "../../lib/notebook";
import { folderOf } from "../../lib/previews";
import { Boundary, Failure } from "../feedback";
import { Markdown } from "../markdown";
import { Code } from "./code";
import { FigureFrame } from "./frame";
import { JsonTree } from "./json";
import { type FileProps, Whole } from "./reading";

const AT_ONCE = 60;
const MOST_LINES = 400;

export function NotebookFile(props: FileProps) {
  return <Whole {...props}>{({ text }) => <Shown {...props} text={text} />}</Whole>;
}

function Shown({ uri, path, text }: FileProps & { text: string }) {
  const [most, setMost] = useState(AT_ONCE);
  const read = useMemo(() => {
    try {
      return { notebook: parseNotebook(parseJson(text)), error: null };
    } catch (error) {
      return { notebook: null, error: error as unknown };
    }
  }, [text]);
  if (!read.notebook) return <Failure what="The notebook could not be read." error={read.error} />;
  const { cells, language } = read.notebook;
  return (
    <div className="notebook" tabIndex={0} role="region" aria-label={path}>
      {cells.length === 0 && <p className="muted">The notebook has no cells.</p>}
      {cells.slice(0, most).map((cell, at) => (
        <Boundary key={at} what={`Cell ${at + 1} could not be shown.`}>
          <ShownCell cell={cell} number={at + 1} language={language} uri={uri} folder={folderOf(path)} />
        </Boundary>
      ))}
      {cells.length > most && (
        <button type="button" className="button" onClick={() => setMost(most + AT_ONCE)}>
          {cells.length - most} more cells
        </button>
      )}
    </div>
  );
}

function ShownCell({ cell, number, language, uri, folder }: { cell: Cell; number: number; language: string; uri: string; folder: string }) {
  const label = `Cell ${number}`;
  if (cell.kind === "markdown") return <Markdown text={cell.source} label={label} uri={uri} folder={folder} />;
  return (
    <section className="notebook-cell" aria-label={label}>
      {cell.source !== "" && <Code text={cell.source} language={cell.kind === "code" ? language : ""} label={`${label}, source`} />}
      {cell.outputs.map((output, at) => (
        <ShownOutput key={at} output={output} label={`${label}, output ${at + 1}`} />
      ))}
    </section>
  );
}

function ShownOutput({ output, label }: { output: Output; label: string }) {
  switch (output.kind) {
    case "text":
      return <Printed text={output.text} failed={output.failed} label={label} />;
    case "picture":
      return <img className="output-picture" src={output.url} alt={label} />;
    case "html":
      return <FigureFrame drawing={output} title={label} small />;
    case "markdown":
      return <Markdown text={output.text} label={label} />;
    case "json":
      return <JsonTree value={output.value} label={label} />;
    case "left-out":
      return <p className="muted small pad">Output of a kind that is not shown: {output.what}</p>;
    default:
      return <FigureFrame drawing={output} title={label} />;
  }
}

function Printed({ text, failed, label }: { text: string; failed: boolean; label: string }) {
  const lines = text.replace(/\n$/, "").split("\n");
  return (
    <pre className={failed ? "printed failed" : "printed"} tabIndex={0} role="region" aria-label={label}>
      {lines.slice(0, MOST_LINES).map((line, at) => (
        <span key={at}>
          {pieces(line).map((piece, index) =>
            piece.tone ? (
              <span key={index} className={`tone-${piece.tone}`}>
                {piece.text}
              </span>
            ) : (
              piece.text
            ),
          )}
          {"\n"}
        </span>
      ))}
      {lines.length > MOST_LINES && `… ${lines.length - MOST_LINES} more lines`}
    </pre>
  );
}
