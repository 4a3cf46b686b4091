/** Files of a run: a tree at the left, what is in the chosen one at the right. */

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { contentUrl, type FileInfo, filesQuery } from "../api/queries";
import { formatBytes } from "../lib/format";
import { Failure, SkeletonRows } from "./feedback";
import { Icon } from "./icons";
import { Preview } from "./preview";

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
}

export function Artifacts({ roots, root, path, onOpen }: Props) {
  const chosen = roots.find((item) => item.id === root) ?? roots[0]!;
  return (
    <div className="artifacts">
      <nav className="files" aria-label="Files">
        {roots.map((item) => (
          <section key={item.id} aria-label={item.label}>
            {roots.length > 1 && (
              <h2 className="files-root">
                <Icon name={item.id === "run" ? "folder" : "model"} size={14} /> {item.label}
              </h2>
            )}
            <Folder
              uri={item.uri}
              path=""
              depth={0}
              open={item.id === chosen.id ? path : ""}
              onOpen={(file) => onOpen(item.id, file)}
            />
          </section>
        ))}
      </nav>
      <div className="file-view" tabIndex={0}>
        {path ? (
          <FileView key={`${chosen.uri} ${path}`} uri={chosen.uri} path={path} />
        ) : (
          <p className="muted pad">Choose a file to look into it.</p>
        )}
      </div>
    </div>
  );
}

interface FolderProps {
  uri: string;
  path: string;
  depth: number;
  open: string;
  onOpen: (path: string) => void;
}

function Folder({ uri, path, depth, open, onOpen }: FolderProps) {
  const query = useQuery(filesQuery(uri, path));
  if (query.isPending) return <SkeletonRows rows={3} height={28} />;
  if (query.isError) return <Failure what="The files could not be listed." error={query.error} retry={() => void query.refetch()} />;
  const files = [...query.data].sort((a, b) => Number(b.is_dir) - Number(a.is_dir) || a.path.localeCompare(b.path));
  if (files.length === 0) return <p className="muted pad">{depth === 0 ? "No files were logged." : "Empty"}</p>;
  return (
    <ul>
      {files.map((file) => (
        <li key={file.path}>
          {file.is_dir ? (
            <SubFolder uri={uri} file={file} depth={depth} open={open} onOpen={onOpen} />
          ) : (
            <button
              type="button"
              className="file"
              style={{ paddingLeft: 8 + depth * 16 }}
              aria-current={file.path === open ? "true" : undefined}
              onClick={() => onOpen(file.path)}
            >
              <Icon name="file" size={14} />
              <span className="ellipsis">{nameOf(file)}</span>
              <span className="push muted small">{file.size == null ? "" : formatBytes(file.size)}</span>
            </button>
          )}
        </li>
      ))}
    </ul>
  );
}

function SubFolder({ uri, file, depth, open, onOpen }: Omit<FolderProps, "path"> & { file: FileInfo }) {
  const [unfolded, setUnfolded] = useState(open.startsWith(`${file.path}/`));
  return (
    <>
      <button
        type="button"
        className="file"
        style={{ paddingLeft: 8 + depth * 16 }}
        aria-expanded={unfolded}
        onClick={() => setUnfolded(!unfolded)}
      >
        <Icon name={unfolded ? "down" : "right"} size={14} />
        <span className="ellipsis">{nameOf(file)}</span>
      </button>
      {unfolded && <Folder uri={uri} path={file.path} depth={depth + 1} open={open} onOpen={onOpen} />}
    </>
  );
}

function FileView({ uri, path }: { uri: string; path: string }) {
  const folder = path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "";
  const listed = useQuery(filesQuery(uri, folder));
  const file = listed.data?.find((item) => item.path === path);
  const url = contentUrl(uri, path);
  return (
    <>
      <header className="file-head">
        <code className="ellipsis" title={path}>
          {path}
        </code>
        <span className="muted small">{file?.size == null ? "" : formatBytes(file.size)}</span>
        <a className="button push" href={url} download={path.slice(path.lastIndexOf("/") + 1)}>
          Download
        </a>
      </header>
      {listed.isError ? (
        <Failure what="The file could not be read." error={listed.error} retry={() => void listed.refetch()} />
      ) : listed.data && !file ? (
        <p className="muted pad">There is no file of this name. It may not have been written yet.</p>
      ) : (
        file && <Preview uri={uri} path={path} size={file.size ?? 0} />
      )}
    </>
  );
}

function nameOf(file: FileInfo): string {
  return file.path.slice(file.path.lastIndexOf("/") + 1);
}
