/** What the repository tracks: data, outputs of stages, metrics, plots, imports. */

import { Link } from "@tanstack/react-router";
import type { RepositoryInfo, Tracked } from "../../api/repository";
import { type Search, withParam } from "../../lib/address";
import { formatBytes, formatCount } from "../../lib/format";
import { kindWord, makerOf, pathMark, trackedRows } from "../../lib/tracked";
import { Snippet } from "../copy";
import { Empty } from "../feedback";
import { Icon } from "../icons";
import { SearchField } from "../searchfield";
import { NoTracked } from "./begin";
import { PathState, Standing } from "./marks";
import { SortHead } from "./sorthead";

interface Props {
  info: RepositoryInfo;
  all: readonly Tracked[];
  truncated: boolean;
  problems: readonly string[];
  search: Search;
  onSearch: (search: Search) => void;
}

export function TrackedData({ info, all, truncated, problems, search, onSearch }: Props) {
  const set = (name: string, value: string) => onSearch(withParam(search, name, value));
  const shown = trackedRows(all, search);
  const kinds = [...new Set(all.map((item) => item.kind))];
  const states = [...new Set(all.map((item) => item.state))];
  const missing = all.filter((item) => item.state === "not in cache").length;
  const { tab = "" } = search;
  return (
    <>
      {all.length > 0 && (
        <div className="bar wraps-bar">
          <SearchField label="Search tracked data" placeholder="Search by path, source or label" value={search.q ?? ""} change={(text) => set("q", text)} />
          <select className="field" aria-label="Kind" value={search.kind ?? ""} onChange={(event) => set("kind", event.target.value)}>
            <option value="">Kind: any</option>
            {kinds.map((kind) => (
              <option key={kind} value={kind}>
                {kindWord(kind)}
              </option>
            ))}
          </select>
          <select className="field" aria-label="State" value={search.state ?? ""} onChange={(event) => set("state", event.target.value)}>
            <option value="">State: any</option>
            {states.map((state) => (
              <option key={state} value={state || "unchanged"}>
                {pathMark(state).word}
              </option>
            ))}
          </select>
        </div>
      )}
      <div className="page" tabIndex={0}>
        <div className="repository-line">
          <Standing info={info} />
          <Remotes info={info} />
        </div>
        {problems.map((problem) => (
          <p key={problem} className="problem" role="alert">
            {problem}
          </p>
        ))}
        {missing > 0 && (
          <div className="problem-fix">
            <p>
              {formatCount(missing, "path is", "paths are")} known here by name only: the content lies in a remote.
            </p>
            <Snippet label="Fetch it" code="treering data pull" />
          </div>
        )}
        {all.length === 0 ? (
          <NoTracked />
        ) : shown.length === 0 ? (
          <Empty title="Nothing that is tracked fits this search.">
            <button type="button" className="button" onClick={() => onSearch(tab ? { tab } : {})}>
              Clear the search
            </button>
          </Empty>
        ) : (
          <Rows rows={shown} sort={search.sort ?? "path"} onSort={(sort) => set("sort", sort === "path" ? "" : sort)} />
        )}
        {truncated && <p className="muted pad">There are more paths than can be listed; the others are left out.</p>}
      </div>
    </>
  );
}

function Remotes({ info }: { info: RepositoryInfo }) {
  if (info.remotes.length === 0) return <span className="muted small">no remote: versions are kept on this machine alone</span>;
  return (
    <span className="chips">
      {info.remotes.map((remote) => (
        <span key={remote.name} className="chip" title={remote.url}>
          <Icon name="cloud" size={12} />
          <span className="ellipsis">
            {remote.name}
            {remote.default && <span className="muted"> default</span>}
          </span>
        </span>
      ))}
    </span>
  );
}

function Rows({ rows, sort, onSort }: { rows: readonly Tracked[]; sort: string; onSort: (sort: string) => void }) {
  const head = { sort, onSort };
  return (
    <table className="list tracked-list">
      <thead>
        <tr>
          <SortHead {...head} column="path">Path</SortHead>
          <SortHead {...head} column="kind" className="wide">Kind</SortHead>
          <SortHead {...head} column="state">State</SortHead>
          <SortHead {...head} column="size" className="num" descendsFirst>Size</SortHead>
          <SortHead {...head} column="files" className="num wide" descendsFirst>Files</SortHead>
          <SortHead {...head} column="source" className="wide">Comes from</SortHead>
          <SortHead {...head} column="runs" className="num wide" descendsFirst>Runs</SortHead>
        </tr>
      </thead>
      <tbody>
        {rows.map((item) => (
          <tr key={item.path}>
            <td className="main-cell">
              <Link to="/data/tracked/$" params={{ _splat: item.path }} className="row-link path-link" title={item.desc ? `${item.path}: ${item.desc}` : item.path}>
                <Icon name={item.is_dir ? "folder" : "file"} size={14} />
                <span className="ellipsis">
                  <PathName path={item.path} />
                  {item.desc && <span className="path-desc wide">{item.desc}</span>}
                </span>
              </Link>
            </td>
            <td className="muted wide">{kindWord(item.kind)}</td>
            <td>
              <PathState state={item.state} />
            </td>
            <td className="num">{item.size === null ? "" : formatBytes(item.size)}</td>
            <td className="num wide">{item.files?.toLocaleString("en") ?? ""}</td>
            <td className="wide clip">
              <Maker item={item} />
            </td>
            <td className="num wide">{item.runs > 0 ? item.runs.toLocaleString("en") : <span className="muted">–</span>}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The folders of a path less loud than its name. */
function PathName({ path }: { path: string }) {
  const cut = path.lastIndexOf("/") + 1;
  return (
    <>
      <span className="path-folder">{path.slice(0, cut)}</span>
      {path.slice(cut)}
    </>
  );
}

/** The stage that makes it, as a link to the pipeline; or the pointer file. */
export function Maker({ item }: { item: Tracked }) {
  if (item.imported_from)
    return (
      <span className="muted" title={item.imported_from}>
        {item.imported_from}
      </span>
    );
  const maker = makerOf(item.source);
  if ("file" in maker) return <span className="muted mono">{maker.file}</span>;
  return (
    <span className="muted">
      stage{" "}
      <Link to="/pipelines" search={{ stage: maker.stage }} className="link">
        {maker.stage}
      </Link>
    </span>
  );
}
