/** What a stage printed when it ran last; followed while it runs. */

import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { readLog, type StageView } from "../../api/repository";
import { pieces, plainText } from "../../lib/ansi";
import { formatCount } from "../../lib/format";
import { isOther, joinedLog, type LogPart, logLines } from "../../lib/stages";
import { CopyButton } from "../copy";
import { Failure, SkeletonRows } from "../feedback";

/** Milliseconds between two questions while more may come. */
const EVERY = 1500;
const MOST_LINES = 10_000;

export function StageLog({ stage }: { stage: StageView }) {
  const running = stage.state === "running";
  // Another run has another log.
  return <LogText key={`${stage.last_run ?? 0}`} address={stage.address} running={running} there={stage.has_log || running} />;
}

function LogText({ address, running, there }: { address: string; running: boolean; there: boolean }) {
  const { log, error, again } = useLog(address, running, there);
  const [text, setText] = useState("");
  const box = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const lines = useMemo(() => logLines(log?.text ?? ""), [log?.text]);
  const wanted = text.trim().toLowerCase();
  const found = wanted ? lines.filter((line) => plainText(line).toLowerCase().includes(wanted)) : lines;
  useLayoutEffect(() => {
    if (atEnd.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [lines]);
  if (!there) {
    return (
      <p className="muted">
        No log is kept of this stage. What stages print is kept when <code>treering repro</code> runs with <code>--jobs</code> or{" "}
        <code>--track</code>, and for experiments.
      </p>
    );
  }
  if (error !== null) return <Failure what="The log could not be read." error={error} retry={again} />;
  if (!log) return <SkeletonRows rows={6} height={18} />;
  return (
    <>
      <div className="line">
        <input className="field grow" type="search" placeholder="Find lines" aria-label="Find lines" value={text} onChange={(event) => setText(event.target.value)} />
        <span className="muted small" role="status">
          {wanted ? `${found.length.toLocaleString("en")} of ` : ""}
          {formatCount(lines.length, "line")}
          {log.running ? ", live" : ""}
        </span>
        <CopyButton text={log.text} label="Copy" />
      </div>
      <div
        className="log stage-log"
        ref={box}
        tabIndex={0}
        role="log"
        aria-live="off"
        aria-label={`Log of ${address}`}
        data-wrap=""
        onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
          atEnd.current = scrollHeight - scrollTop - clientHeight < 40;
        }}
      >
        {log.start > 0 && <p className="muted">The beginning is left out.</p>}
        {lines.length === 0 && <p className="muted">{log.running ? "Nothing was printed yet." : "It printed nothing."}</p>}
        {found.slice(-MOST_LINES).map((line, at) => (
          <div key={at} className="log-line">
            {pieces(line).map((piece, place) =>
              piece.tone ? (
                <span key={place} className={`tone-${piece.tone}`}>
                  {piece.text}
                </span>
              ) : (
                piece.text
              ),
            )}
            {"\n"}
          </div>
        ))}
        {wanted && found.length === 0 && <p className="muted">No line holds this text.</p>}
      </div>
    </>
  );
}

/** The log from its beginning, asked for again where it ended while it grows. A tab that nobody sees waits. */
function useLog(address: string, running: boolean, there: boolean) {
  const [log, setLog] = useState<LogPart | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [round, setRound] = useState(0);
  // Where the next question begins, and of which log the answer before was.
  const known = useRef<{ end: number; log: string } | null>(null);
  useEffect(() => {
    if (!there) return;
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async () => {
      try {
        const start = known.current?.end ?? 0;
        const part = document.hidden ? null : await readLog(address, start, stop.signal);
        if (stop.signal.aborted) return;
        if (part && isOther(known.current, part, start)) {
          known.current = null;
          return await ask();
        }
        if (part) {
          known.current = part;
          setLog((before) => joinedLog(before, part));
        }
        if (running || part?.running || part === null) timer = setTimeout(() => void ask(), EVERY);
      } catch (failure) {
        if (!stop.signal.aborted) setError(failure);
      }
    };
    void ask();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [address, running, there, round]);
  const again = () => {
    setError(null);
    setRound(round + 1);
  };
  return { log, error, again };
}
