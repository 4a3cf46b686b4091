/** What the programs of a run printed: the end first, growing while the run goes on. */

import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { contentUrl, filesQuery } from "../../api/artifacts";
import { readBytes } from "../../api/client";
import type { FileInfo, Run } from "../../api/types";
import { pieces, plainText } from "../../lib/ansi";
import { decodeText, joinBytes } from "../../lib/bytes";
import { formatBytes, formatCount } from "../../lib/format";
import { isLog } from "../../lib/previews";
import "../../styles/artifacts.css";
import { Empty, Failure, SkeletonRows } from "../feedback";
import { Wrap } from "../previews/text";

const PART = 64_000;
const MOST_LINES = 10_000;

export function LogsTab({ run }: { run: Run }) {
  const { path } = useSearch({ from: "/runs/$runId" });
  const navigate = useNavigate({ from: "/runs/$runId" });
  const uri = `runs:/${run.run_id}`;
  const live = run.status === "RUNNING";
  const top = useQuery(filesQuery(uri, "", live));
  const hasFolder = top.data?.some((file) => file.is_dir && file.path === "logs") ?? false;
  const below = useQuery({ ...filesQuery(uri, "logs", live), enabled: hasFolder });
  const files = [...(below.data ?? []), ...(top.data ?? [])].filter((file) => !file.is_dir && isLog(file.path));
  const file = files.find((item) => item.path === path) ?? files[0];
  if (top.isPending || (hasFolder && below.isPending)) return <SkeletonRows rows={12} height={20} />;
  if (top.isError) return <Failure what="The files of the run could not be listed." error={top.error} retry={() => void top.refetch()} />;
  if (!file) {
    return (
      <Empty title="This run has no logs.">
        <p>
          Files ending with .log, files named stdout or stderr, and texts in the folder logs appear here, and grow while the run goes on. Log one
          with <code>treering.log_artifact("train.log", "logs")</code>.
        </p>
      </Empty>
    );
  }
  return (
    <LogView
      key={file.path}
      uri={uri}
      file={file}
      files={files}
      live={live}
      choose={(chosen) => void navigate({ search: { tab: "logs", path: chosen }, replace: true })}
    />
  );
}

interface ViewProps {
  uri: string;
  file: FileInfo;
  files: readonly FileInfo[];
  live: boolean;
  choose: (path: string) => void;
}

function LogView({ uri, file, files, live, choose }: ViewProps) {
  const size = file.size ?? 0;
  const tail = useTail(uri, file.path, size);
  const [text, setText] = useState("");
  const [wrap, setWrap] = useState(true);
  const box = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const lines = useMemo(() => linesOf(tail.bytes, tail.start), [tail.bytes, tail.start]);
  const wanted = text.trim().toLowerCase();
  const found = wanted ? lines.filter((line) => plainText(line).toLowerCase().includes(wanted)) : lines;
  const shown = found.slice(-MOST_LINES);

  useLayoutEffect(() => {
    if (atEnd.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [lines, wrap]);

  return (
    <>
      <div className="bar log-bar">
        {files.length > 1 ? (
          <select className="field" aria-label="Log" value={file.path} onChange={(event) => choose(event.target.value)}>
            {files.map((item) => (
              <option key={item.path}>{item.path}</option>
            ))}
          </select>
        ) : (
          <code className="ellipsis">{file.path}</code>
        )}
        <input className="field" type="search" placeholder="Find lines" aria-label="Find lines" value={text} onChange={(event) => setText(event.target.value)} />
        <span className="muted small" role="status">
          {wanted ? `${found.length.toLocaleString("en")} of ` : ""}
          {formatCount(lines.length, "line")}
          {live ? ", live" : ""}
        </span>
        <span className="push buttons">
          <Wrap wrap={wrap} setWrap={setWrap} />
          <a className="button" href={contentUrl(uri, file.path)} download>
            Download
          </a>
        </span>
      </div>
      {tail.error !== null && <Failure what="The log could not be read." error={tail.error} />}
      <div
        className="log"
        ref={box}
        tabIndex={0}
        role="log"
        aria-live="off"
        aria-label={file.path}
        data-wrap={wrap || undefined}
        onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
          atEnd.current = scrollHeight - scrollTop - clientHeight < 40;
        }}
      >
        {tail.start > 0 && (
          <p>
            <button type="button" className="button" disabled={tail.busy} onClick={tail.earlier}>
              {tail.busy ? "Reading …" : `Show earlier lines (${formatBytes(tail.start)} before)`}
            </button>
          </p>
        )}
        {size === 0 && <p className="muted">Nothing was written yet.</p>}
        {shown.map((line, at) => (
          <Line key={at} line={line} />
        ))}
        {wanted && found.length === 0 && <p className="muted">No line that was read holds this text.</p>}
      </div>
    </>
  );
}

function Line({ line }: { line: string }) {
  return (
    <div className="log-line">
      {pieces(line).map((piece, at) =>
        piece.tone ? (
          <span key={at} className={`tone-${piece.tone}`}>
            {piece.text}
          </span>
        ) : (
          piece.text
        ),
      )}
      {"\n"}
    </div>
  );
}

interface Tail {
  bytes: Uint8Array;
  start: number;
  busy: boolean;
  error: unknown;
  earlier: () => void;
}

/** The end of a file, followed while it grows. */
function useTail(uri: string, path: string, size: number): Tail {
  const [part, setPart] = useState({ bytes: new Uint8Array() as Uint8Array, start: -1, error: null as unknown });
  const [busy, setBusy] = useState(false);
  const end = part.start < 0 ? -1 : part.start + part.bytes.length;
  const url = contentUrl(uri, path);

  useEffect(() => {
    if (size === end) return;
    const stop = new AbortController();
    // A file that became shorter was begun anew.
    const anew = end < 0 || size < end;
    const from = anew ? Math.max(0, size - PART) : end;
    readBytes(url, stop.signal, from, size)
      .then((bytes) => setPart((before) => ({ bytes: anew ? bytes : joinBytes(before.bytes, bytes), start: anew ? from : before.start, error: null })))
      .catch((error: unknown) => {
        if (!stop.signal.aborted) setPart((before) => ({ ...before, error }));
      });
    return () => stop.abort();
  }, [url, size, end]);

  const earlier = () => {
    const from = Math.max(0, part.start - PART);
    setBusy(true);
    readBytes(url, undefined, from, part.start)
      .then((bytes) => setPart((before) => ({ bytes: joinBytes(bytes, before.bytes), start: from, error: null })))
      .catch((error: unknown) => setPart((before) => ({ ...before, error })))
      .finally(() => setBusy(false));
  };
  return { ...part, start: Math.max(0, part.start), busy, earlier };
}

/** Whole lines: of a part from the middle of a file, the first one is a piece of a line. */
function linesOf(bytes: Uint8Array, start: number): string[] {
  const { text } = decodeText(start > 0 ? bytes.subarray(bytes.indexOf(10) + 1) : bytes);
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}
