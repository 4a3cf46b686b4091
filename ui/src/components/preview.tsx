/** What is in a file, as far as a browser can show it without running what somebody logged. */

import { useQuery } from "@tanstack/react-query";
import { contentUrl, fileTextQuery } from "../api/queries";
import { formatBytes } from "../lib/format";
import { parseCsv } from "../lib/csv";
import { Failure, SkeletonRows } from "./feedback";

type Kind = "image" | "table" | "json" | "text" | "html" | "audio" | "video" | "none";

const KINDS: [Kind, string][] = [
  ["image", "png jpg jpeg gif webp bmp avif ico svg"],
  ["table", "csv tsv"],
  ["json", "json geojson ipynb"],
  ["html", "html htm"],
  ["audio", "wav mp3 ogg flac m4a"],
  ["video", "mp4 webm mov"],
  ["text", "txt md log yaml yml toml ini cfg conf py r sh sql js ts css xml rst tex jsonl env lock java c cpp h go rs"],
];
const PLAIN_NAMES = new Set(["MLmodel", "MLproject", "Dockerfile", "Makefile", "LICENSE", "README"]);
const MOST = 2_000_000;
const ROWS = 500;

export function Preview({ uri, path, size }: { uri: string; path: string; size: number }) {
  const kind = kindOf(path);
  const url = contentUrl(uri, path);
  if (kind === "none") return <p className="muted pad">This kind of file is not shown here. Download it to look into it.</p>;
  if (kind === "image") {
    return (
      <div className="picture">
        <img src={url} alt={path} />
      </div>
    );
  }
  if (kind === "audio") return <audio className="pad" src={url} controls aria-label={path} />;
  if (kind === "video") return <video className="picture" src={url} controls aria-label={path} />;
  if (size > MOST) {
    return <p className="muted pad">{formatBytes(size)} are too much to show here. Download the file to look into it.</p>;
  }
  return <Text uri={uri} path={path} kind={kind} />;
}

function Text({ uri, path, kind }: { uri: string; path: string; kind: Kind }) {
  const query = useQuery(fileTextQuery(uri, path));
  if (query.isPending) return <SkeletonRows rows={8} height={24} />;
  if (query.isError) return <Failure what="The file could not be read." error={query.error} retry={() => void query.refetch()} />;
  // Pages that somebody logged may hold scripts: in an empty sandbox none runs, and none acts in the reader's name.
  if (kind === "html") return <iframe className="html" srcDoc={query.data} sandbox="" title={path} />;
  if (kind === "table") return <Table text={query.data} path={path} />;
  const text = kind === "json" ? indented(query.data) : query.data;
  return (
    <pre className="file-text" tabIndex={0} aria-label={path}>
      {text}
    </pre>
  );
}

function Table({ text, path }: { text: string; path: string }) {
  const [head = [], ...rows] = parseCsv(text, ROWS + 1);
  const numeric = head.map((_, column) => rows.every((row) => isNumber(row[column])));
  return (
    <div className="file-table" tabIndex={0} role="region" aria-label={path}>
      <table className="list compact">
        <thead>
          <tr>
            {head.map((cell, index) => (
              <th key={index} scope="col" className={numeric[index] ? "num" : undefined}>
                {cell || <span className="hidden-text">Column {index + 1}</span>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={index}>
              {head.map((_, column) => (
                <td key={column} className={numeric[column] ? "num" : undefined}>
                  {row[column]}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length === ROWS && <p className="muted pad">The first {ROWS} rows. Download the file for all of them.</p>}
    </div>
  );
}

function kindOf(path: string): Kind {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const dot = name.lastIndexOf(".");
  if (dot < 0) return PLAIN_NAMES.has(name) ? "text" : "none";
  const ending = name.slice(dot + 1).toLowerCase();
  return KINDS.find(([, endings]) => endings.split(" ").includes(ending))?.[0] ?? "none";
}

function indented(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text; // Not quite JSON (NaN, comments): shown as it is.
  }
}

function isNumber(text: string | undefined): boolean {
  return text === undefined || text.trim() === "" || Number.isFinite(Number(text));
}
