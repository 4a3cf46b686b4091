/** How a tracked path differs between two versions: which files came, went and changed, and of one of them how. */

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { contentUrl, fileTextQuery } from "../../api/artifacts";
import { type DataVersion, diffQuery, type Tracked } from "../../api/repository";
import { formatBytes, formatCount } from "../../lib/format";
import { kindOf, nameOf } from "../../lib/previews";
import { asked, CHANGE_MARKS, type ChangeLine, changeLines, sizeChange, trackedUri, within, WORKING } from "../../lib/tracked";
import { TextDiff } from "../compare/textdiff";
import { Failure, SkeletonRows } from "../feedback";
import { Icon } from "../icons";
import { SearchField } from "../searchfield";
import { shortRevision } from "./marks";
import "../../styles/compare.css";

/** Files that are compared as text. */
const AS_TEXT = new Set(["text", "json", "lines", "delimited", "markdown", "page", "notebook", "unknown"]);
const MOST_TEXT = 1_000_000;
const AT_ONCE = 200;

interface Props {
  item: Tracked;
  versions: readonly DataVersion[];
  options: readonly string[];
  rev: string;
  against: string;
  onPair: (rev: string, against: string) => void;
}

export function Changes({ item, versions, options, rev, against, onPair }: Props) {
  const query = useQuery({ ...diffQuery(item.path, asked(against), asked(rev)), enabled: against !== "" && rev !== "" });
  const label = (option: string) => {
    if (option === WORKING) return "Working tree";
    const version = versions.find((one) => one.revision === option);
    return `${shortRevision(option)} ${version?.message ?? ""}`;
  };
  const choose = (name: string, value: string, change: (value: string) => void) => (
    <select className="field version-select" aria-label={name} value={value} onChange={(event) => change(event.target.value)}>
      {options.map((option) => (
        <option key={option} value={option} disabled={option === (name === "From" ? rev : against)}>
          {label(option)}
        </option>
      ))}
    </select>
  );
  if (options.length < 2 || against === "") {
    return (
      <p className="muted pad">
        {options.length < 2 ? "There is one version only, so there is nothing to compare it with." : "This is the first version. Choose another one to compare."}
      </p>
    );
  }
  return (
    <>
      <div className="bar compare-versions">
        {choose("From", against, (value) => onPair(rev, value))}
        <Icon name="right" />
        {choose("To", rev, (value) => onPair(value, against))}
        <button type="button" className="button" onClick={() => onPair(against, rev)}>
          Swap
        </button>
      </div>
      {query.isError ? (
        <Failure what="The two versions could not be compared." error={query.error} retry={() => void query.refetch()} />
      ) : query.isPending ? (
        <SkeletonRows rows={6} />
      ) : (
        <Found key={`${rev} ${against}`} item={item} lines={changeLines(query.data)} counts={query.data.counts} grown={sizeChange(query.data)} truncated={query.data.truncated} sides={[against, rev]} />
      )}
    </>
  );
}

interface FoundProps {
  item: Tracked;
  lines: readonly ChangeLine[];
  counts: Readonly<Record<string, number>>;
  grown: number | null;
  truncated: boolean;
  sides: readonly [string, string];
}

function Found({ item, lines, counts, grown, truncated, sides }: FoundProps) {
  const [text, setText] = useState("");
  const [most, setMost] = useState(AT_ONCE);
  const total = Object.keys(CHANGE_MARKS).reduce((sum, kind) => sum + (counts[kind] ?? 0), 0);
  const wanted = text.trim().toLowerCase();
  const found = lines.filter((line) => `${line.path} ${line.old_path}`.toLowerCase().includes(wanted));
  if (total === 0) return <p className="muted pad">The two are the same.</p>;
  return (
    <>
      <div className="change-summary">
        {(Object.keys(CHANGE_MARKS) as (keyof typeof CHANGE_MARKS)[]).map((kind) => {
          const { word, sign, tone } = CHANGE_MARKS[kind];
          const count = counts[kind] ?? 0;
          return (
            count > 0 && (
              <span key={kind} className={`state ${tone}`}>
                {sign} {count.toLocaleString("en")} {word}
              </span>
            )
          );
        })}
        {(counts.unchanged ?? 0) > 0 && <span className="muted">{(counts.unchanged ?? 0).toLocaleString("en")} unchanged</span>}
        {grown !== null && grown !== 0 && (
          <span className="muted push">
            {grown > 0 ? "+" : "−"}
            {formatBytes(Math.abs(grown))} in all
          </span>
        )}
      </div>
      {total > 20 && (
        <div className="bar">
          <SearchField label="Find a changed file" placeholder="Find a file" value={text} change={setText} />
        </div>
      )}
      <ul className="change-list">
        {found.slice(0, most).map((line) => (
          <Change key={`${line.kind} ${line.path}`} item={item} line={line} sides={sides} alone={total === 1} />
        ))}
      </ul>
      {found.length > most && (
        <p className="pad">
          <button type="button" className="button" onClick={() => setMost(most + AT_ONCE)}>
            Show {Math.min(AT_ONCE, found.length - most).toLocaleString("en")} more
          </button>
        </p>
      )}
      {truncated && (
        <p className="muted pad">
          Only the first {formatCount(lines.length, "file")} are listed; <code>treering data diff</code> lists all.
        </p>
      )}
    </>
  );
}

function Change({ item, line, sides, alone }: { item: Tracked; line: ChangeLine; sides: readonly [string, string]; alone: boolean }) {
  const [open, setOpen] = useState(alone);
  const mark = CHANGE_MARKS[line.kind];
  const name = within(item.path, line.path) || nameOf(line.path);
  const shown = line.kind === "renamed" ? null : showable(line);
  const head = (
    <>
      <span className={`change-sign state ${mark.tone}`} title={mark.word}>
        <span aria-hidden="true">{mark.sign}</span>
        <span className="hidden-text">{mark.word}</span>
      </span>
      <span className="change-path">
        {line.old_path && <span className="muted">{within(item.path, line.old_path)} → </span>}
        {name}
      </span>
      <span className="muted num change-size">{sizes(line)}</span>
    </>
  );
  return (
    <li>
      {shown ? (
        <button type="button" className="change-line" aria-expanded={open} onClick={() => setOpen(!open)}>
          <Icon name={open ? "down" : "right"} size={12} />
          {head}
        </button>
      ) : (
        <div className="change-line">
          <span className="change-gap" />
          {head}
        </div>
      )}
      {open && shown && <Detail kind={shown} item={item} line={line} sides={sides} />}
    </li>
  );
}

function sizes({ kind, size_before, size_after }: ChangeLine): string {
  const text = (size: number | null) => (size === null ? "?" : formatBytes(size));
  if (kind === "added" || kind === "renamed") return size_after === null ? "" : formatBytes(size_after);
  if (kind === "deleted") return size_before === null ? "" : formatBytes(size_before);
  if (size_before === size_after && size_before !== null) return `${formatBytes(size_before)}, same size`;
  return `${text(size_before)} → ${text(size_after)}`;
}

/** In which way a change can be looked at; null where it cannot. */
function showable(line: ChangeLine): "picture" | "text" | null {
  const kind = kindOf(line.path);
  if (kind === "image") return "picture";
  return AS_TEXT.has(kind) && Math.max(line.size_before ?? 0, line.size_after ?? 0) <= MOST_TEXT ? "text" : null;
}

interface DetailProps {
  kind: "picture" | "text";
  item: Tracked;
  line: ChangeLine;
  sides: readonly [string, string];
}

function Detail({ kind, item, line, sides }: DetailProps) {
  const path = within(item.path, line.path) || nameOf(line.path);
  const uris = sides.map((side) => trackedUri({ path: item.path, rev: asked(side), isDir: item.is_dir })) as [string, string];
  const there = [line.kind !== "added", line.kind !== "deleted"] as const;
  const unsaved = sides.findIndex((side, at) => side === WORKING && there[at]);
  if (unsaved >= 0) {
    return (
      <p className="muted change-note">
        What lies in the working tree is not in the cache yet, so it cannot be shown here. <code>treering data commit</code> puts it there.
      </p>
    );
  }
  if (kind === "text") return <Texts uris={uris} path={path} there={there} />;
  return (
    <div className="change-pictures">
      {there.map(
        (is, at) =>
          is && (
            <figure key={at}>
              <img src={contentUrl(uris[at]!, path)} alt={`${path}, ${at === 0 ? "before" : "after"}`} />
              <figcaption className="muted small">{at === 0 ? "before" : "after"}</figcaption>
            </figure>
          ),
      )}
    </div>
  );
}

function Texts({ uris, path, there }: { uris: readonly [string, string]; path: string; there: readonly [boolean, boolean] }) {
  const before = useQuery({ ...fileTextQuery(uris[0], path), enabled: there[0] });
  const after = useQuery({ ...fileTextQuery(uris[1], path), enabled: there[1] });
  const failed = before.error ?? after.error;
  if (failed) return <Failure what="The two could not be read." error={failed} />;
  if ((there[0] && before.data === undefined) || (there[1] && after.data === undefined)) return <SkeletonRows rows={4} height={20} />;
  return (
    <div className="change-text">
      <TextDiff left={before.data ?? ""} right={after.data ?? ""} label={`Changes of ${path}`} />
    </div>
  );
}
