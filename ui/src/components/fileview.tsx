/** What is in the chosen file or folder. */

import { useQuery } from "@tanstack/react-query";
import { contentUrl, filesQuery } from "../api/artifacts";
import type { FileInfo } from "../api/types";
import { sorted } from "../lib/filetree";
import { formatBytes, formatCount } from "../lib/format";
import { folderOf, kindOf, nameOf } from "../lib/previews";
import { fileWays } from "../lib/runcode";
import { namesOf, trackedAt } from "../lib/tracked";
import { CodeButton } from "./codeways";
import { Boundary, Failure, SkeletonRows } from "./feedback";
import { Gallery } from "./gallery";
import { Icon } from "./icons";
import { Preview } from "./previews";
import { ModelView } from "./previews/model";

/** What the files are called as a whole, and how to get one of them. */
function about(uri: string, path: string) {
  const tracked = trackedAt(uri);
  return tracked ? namesOf(tracked, path) : { root: "Artifacts", ways: fileWays(location.origin, uri, path) };
}

interface Props {
  uri: string;
  path: string;
  live: boolean;
  onOpen: (path: string) => void;
}

export function FileView({ uri, path, live, onOpen }: Props) {
  const above = useQuery({ ...filesQuery(uri, folderOf(path), live), enabled: path !== "" });
  if (path === "") return <FolderView uri={uri} path="" live={live} onOpen={onOpen} />;
  if (above.isError) return <Failure what="The file could not be read." error={above.error} retry={() => void above.refetch()} />;
  if (!above.data) return <SkeletonRows rows={6} />;
  const file = above.data.find((item) => item.path === path);
  if (!file) {
    return (
      <>
        <Trail root={about(uri, path).root} path={path} onOpen={onOpen} />
        <p className="muted pad">There is no file of this name. It may not have been written yet.</p>
      </>
    );
  }
  const { root, ways } = about(uri, path);
  if (file.is_dir) return <FolderView uri={uri} path={path} live={live} onOpen={onOpen} />;
  return (
    <>
      <header className="file-head">
        <Trail root={root} path={path} onOpen={onOpen} />
        <span className="muted small">{file.size == null ? "" : formatBytes(file.size)}</span>
        <span className="push buttons">
          <CodeButton title="This file" ways={ways} />
          <a className="button" href={contentUrl(uri, path)} download={nameOf(path)}>
            Download
          </a>
        </span>
      </header>
      <Preview uri={uri} path={path} size={file.size ?? 0} />
    </>
  );
}

/** The folders down to a path, each to go to. */
function Trail({ root, path, onOpen }: { root: string; path: string; onOpen: (path: string) => void }) {
  const parts = path.split("/");
  return (
    <span className="trail" title={path}>
      <button type="button" className="trail-part" onClick={() => onOpen("")}>
        {root}
      </button>
      {parts.map((part, at) => (
        <span key={at} className="trail-step">
          <span className="muted">/</span>
          {at === parts.length - 1 ? (
            <code className="ellipsis">{part}</code>
          ) : (
            <button type="button" className="trail-part" onClick={() => onOpen(parts.slice(0, at + 1).join("/"))}>
              {part}
            </button>
          )}
        </span>
      ))}
    </span>
  );
}

function FolderView({ uri, path, live, onOpen }: Props) {
  const query = useQuery(filesQuery(uri, path, live));
  if (query.isPending) return <SkeletonRows rows={6} />;
  if (query.isError) return <Failure what="The folder could not be listed." error={query.error} retry={() => void query.refetch()} />;
  const { root, ways } = about(uri, path);
  const files = sorted(query.data as (FileInfo & { size: number | null })[]);
  const own = files.filter((file) => !file.is_dir);
  const isModel = own.some((file) => nameOf(file.path) === "MLmodel");
  const shown = own.filter((file) => ["image", "audio"].includes(kindOf(file.path))).map((file) => file.path);
  const total = own.reduce((sum, file) => sum + (file.size ?? 0), 0);
  return (
    <>
      <header className="file-head">
        {path ? <Trail root={root} path={path} onOpen={onOpen} /> : <span>{root}</span>}
        <span className="muted small">
          {formatCount(own.length, "file")}
          {own.length > 0 && `, ${formatBytes(total)}`}
          {files.length > own.length && `, ${formatCount(files.length - own.length, "folder")}`}
        </span>
        <span className="push buttons">
          <CodeButton title="This folder" ways={{ ...ways, rest: "" }} />
        </span>
      </header>
      {files.length === 0 && <p className="muted pad">{path || trackedAt(uri) ? "The folder is empty." : "No files were logged."}</p>}
      {isModel && (
        <Boundary what="The model could not be described.">
          <ModelView uri={uri} path={path} files={own as { path: string; size: number | null }[]} />
        </Boundary>
      )}
      {shown.length > 0 && !isModel && (
        <Boundary what="The pictures could not be shown.">
          <Gallery uri={uri} paths={shown} onOpen={onOpen} />
        </Boundary>
      )}
      {files.length > 0 && <Contents files={files} onOpen={onOpen} />}
    </>
  );
}

const MOST = 500;

function Contents({ files, onOpen }: { files: readonly FileInfo[]; onOpen: (path: string) => void }) {
  return (
    <div className="folder">
      <table className="list compact">
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col" className="num">
              Size
            </th>
          </tr>
        </thead>
        <tbody>
          {files.slice(0, MOST).map((file) => (
            <tr key={file.path}>
              <td className="main-cell">
                <button type="button" className="folder-entry" onClick={() => onOpen(file.path)} title={nameOf(file.path)}>
                  <Icon name={file.is_dir ? "folder" : "file"} size={14} />
                  <span className="ellipsis">{nameOf(file.path)}</span>
                </button>
              </td>
              <td className="num muted">{file.size == null ? "" : formatBytes(file.size)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {files.length > MOST && <p className="muted pad">and {formatCount(files.length - MOST, "more", "more")}; the tree at the left lists all of them</p>}
    </div>
  );
}
