/** Files of a run: a tree at the left, what is in the chosen file or folder at the right. */

import { useQueries } from "@tanstack/react-query";
import { type KeyboardEvent, useMemo, useRef, useState } from "react";
import { filesQuery } from "../api/artifacts";
import { AT_ONCE, folderKey, type Listing, type TreeLine, treeLines } from "../lib/filetree";
import { formatBytes } from "../lib/format";
import { folderOf } from "../lib/previews";
import "../styles/artifacts.css";
import { FileView } from "./fileview";
import { Icon, type IconName } from "./icons";

export interface ArtifactRoot {
  id: string;
  label: string;
  uri: string;
}

interface Props {
  roots: readonly ArtifactRoot[];
  root: string;
  path: string;
  onOpen: (root: string, path: string) => void;
  /** Whether files may still come. */
  live?: boolean;
}

export function Artifacts({ roots, root, path, onOpen, live = false }: Props) {
  const chosen = roots.find((item) => item.id === root) ?? roots[0]!;
  return (
    <div className="artifacts">
      <Tree roots={roots} root={chosen.id} path={path} onOpen={onOpen} live={live} />
      <div className="file-view" tabIndex={0} role="region" aria-label="File">
        <FileView key={`${chosen.uri} ${path}`} uri={chosen.uri} path={path} live={live} onOpen={(to) => onOpen(chosen.id, to)} />
      </div>
    </div>
  );
}

function Tree({ roots, root, path, onOpen, live = false }: Props) {
  const [folds, setFolds] = useState<ReadonlyMap<string, boolean>>(new Map());
  const [most, setMost] = useState<ReadonlyMap<string, number>>(new Map());
  const [search, setSearch] = useState("");
  const [focused, setFocused] = useState("");
  const box = useRef<HTMLDivElement>(null);
  const open = useMemo(() => unfolded(roots, root, path, folds), [roots, root, path, folds]);
  const listings = useListings(roots, open, live);
  const lines = treeLines(roots, listings, open, most, search);
  const current = folderKey(root, path);
  const reachable = lines.some((line) => line.key === focused) ? focused : lines.some((line) => line.key === current) ? current : lines[0]?.key;

  const act = (line: TreeLine) => {
    setFocused(line.key);
    if (line.kind === "note") {
      if (/ more$/.test(line.label)) setMost(new Map(most).set(folderKey(line.root, line.path), (most.get(folderKey(line.root, line.path)) ?? AT_ONCE) + AT_ONCE));
      return;
    }
    if (line.kind !== "file") setFolds(new Map(folds).set(line.key, line.key === current ? !line.open : true));
    onOpen(line.root, line.path);
  };
  const go = (at: number) => {
    const line = lines[at];
    if (!line) return;
    setFocused(line.key);
    box.current?.querySelectorAll<HTMLElement>("[role=treeitem]")[at]?.focus();
  };
  const keys = (event: KeyboardEvent, line: TreeLine, at: number) => {
    const fold = (shown: boolean) => setFolds(new Map(folds).set(line.key, shown));
    const foldable = line.kind === "folder" || line.kind === "root";
    if (event.key === "ArrowDown") go(at + 1);
    else if (event.key === "ArrowUp") go(at - 1);
    else if (event.key === "Home") go(0);
    else if (event.key === "End") go(lines.length - 1);
    else if (event.key === "ArrowRight" && foldable) {
      if (line.open) go(at + 1);
      else fold(true);
    } else if (event.key === "ArrowLeft") {
      if (foldable && line.open) fold(false);
      else go(lines.findLastIndex((other, index) => index < at && other.depth < line.depth));
    } else if (event.key === "Enter" || event.key === " ") act(line);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <nav className="files" aria-label="Files">
      <input
        className="field files-search"
        type="search"
        placeholder="Find a file"
        aria-label="Find a file in the folders that were opened"
        value={search}
        onChange={(event) => setSearch(event.target.value)}
      />
      <div role="tree" aria-label="Files" ref={box}>
        {lines.map((line, at) => (
          <div
            key={line.key}
            role="treeitem"
            className="file"
            data-kind={line.kind}
            style={{ paddingLeft: 8 + line.depth * 16 }}
            tabIndex={line.key === reachable ? 0 : -1}
            aria-level={line.depth + 1}
            aria-expanded={line.kind === "folder" || line.kind === "root" ? line.open : undefined}
            aria-selected={line.key === current}
            onClick={() => act(line)}
            onKeyDown={(event) => keys(event, line, at)}
          >
            {line.kind !== "note" && <Icon name={iconOf(line)} size={14} />}
            <span className="ellipsis" title={line.label}>
              {line.label}
            </span>
            {line.size !== null && line.kind === "file" && <span className="push muted small">{formatBytes(line.size)}</span>}
          </div>
        ))}
      </div>
    </nav>
  );
}

function iconOf(line: TreeLine): IconName {
  if (line.kind === "file") return "file";
  if (line.kind === "root") return line.root === "run" ? "folder" : "model";
  return line.open ? "down" : "right";
}

/** The folders that are open: those of the chosen path, unless folded by hand, and those unfolded by hand. */
function unfolded(roots: readonly ArtifactRoot[], root: string, path: string, folds: ReadonlyMap<string, boolean>): ReadonlySet<string> {
  const open = new Set([folderKey(root, ""), folderKey(roots[0]?.id ?? "run", "")]);
  for (let folder = folderOf(path); folder; folder = folderOf(folder)) open.add(folderKey(root, folder));
  for (const [key, shown] of folds) {
    if (shown) open.add(key);
    else open.delete(key);
  }
  return open;
}

/** What lies in the folders that are open. */
function useListings(roots: readonly ArtifactRoot[], open: ReadonlySet<string>, live: boolean): Map<string, Listing> {
  const asked = roots.flatMap((root) =>
    [...open]
      .filter((key) => key.startsWith(`${root.id}:`))
      .map((key) => ({ key, uri: root.uri, path: key.slice(root.id.length + 1) })),
  );
  return useQueries({
    queries: asked.map(({ uri, path }) => filesQuery(uri, path, live)),
    combine: (results) =>
      new Map(
        results.map((result, at): [string, Listing] => [
          asked[at]!.key,
          result.data ? { files: result.data } : result.isError ? { failed: `Not listed: ${result.error.message}` } : "awaited",
        ]),
      ),
  });
}
