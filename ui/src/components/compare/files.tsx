/** The artifacts of runs side by side: which files each has, and the same file of several of them. */

import { useQueries, useQuery } from "@tanstack/react-query";
import { filesQuery, fileTextQuery } from "../../api/artifacts";
import type { FileInfo } from "../../api/types";
import { formatBytes } from "../../lib/format";
import { Boundary, Failure, SkeletonRows } from "../feedback";
import { Icon } from "../icons";
import { Stroke } from "../marks";
import { Preview } from "../preview";
import type { ComparedRun } from "./grid";
import { TextDiff } from "./textdiff";

interface Props {
  runs: readonly ComparedRun[];
  base: number;
  /** The folder or file that is open; "" for all that the runs have. */
  path: string;
  onlyDifferences: boolean;
  onOpen: (path: string) => void;
}

const TEXT = /(\.(txt|md|log|ya?ml|toml|ini|cfg|conf|py|r|sh|sql|js|ts|css|xml|json|csv|tsv|diff|patch|lock)|(^|\/)(MLmodel|MLproject|Dockerfile|Makefile))$/i;

export function CompareFiles({ runs, base, path, onlyDifferences, onOpen }: Props) {
  const parent = path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "";
  const above = useListing(runs, parent);
  const chosen = path === "" ? null : (above.files.get(path) ?? null);
  const isFile = chosen?.some((info) => info && !info.is_dir) ?? false;
  const folder = isFile ? parent : path;
  const below = useListing(runs, folder);
  const listing = isFile ? above : below;
  const shown = [...listing.files].filter(([, infos]) => !onlyDifferences || differ(infos));

  if (listing.error) return <Failure what="The files could not be listed." error={listing.error} />;
  if (listing.pending) return <SkeletonRows rows={4} />;
  return (
    <div className="compare-files">
      <nav className="compare-path" aria-label="Folder">
        <button type="button" className="button quiet" onClick={() => onOpen("")}>
          Artifacts
        </button>
        {folder
          .split("/")
          .filter(Boolean)
          .map((part, index, parts) => (
            <button key={index} type="button" className="button quiet" onClick={() => onOpen(parts.slice(0, index + 1).join("/"))}>
              / {part}
            </button>
          ))}
      </nav>
      {shown.length === 0 ? (
        <p className="muted pad">{listing.files.size === 0 ? "No run has files here." : "All files here are in every run, with the same size."}</p>
      ) : (
        <div className="compare-scroll" tabIndex={0} role="region" aria-label="Files">
          <table className="list compact compare-table">
            <thead>
              <tr>
                <th scope="col">File</th>
                {runs.map((run) => (
                  <th key={run.id} scope="col" className="num">
                    <span className="compare-name">
                      <Stroke slot={run.slot} />
                      <span className="ellipsis">{run.name}</span>
                    </span>
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {shown.map(([name, infos]) => (
                <tr key={name} data-difference={differ(infos) ? "" : undefined} tabIndex={differ(infos) ? -1 : undefined}>
                  <th scope="row">
                    <button type="button" className="file-name" aria-current={name === path ? "true" : undefined} onClick={() => onOpen(name)}>
                      <Icon name={infos.some((info) => info?.is_dir) ? "folder" : "file"} size={14} /> {name.slice(name.lastIndexOf("/") + 1)}
                    </button>
                  </th>
                  {infos.map((info, index) => (
                    <td key={index} className="num" data-base={index === base ? "" : undefined}>
                      {!info ? <span className="muted">—</span> : info.is_dir ? "folder" : formatBytes(info.size ?? 0)}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {isFile && chosen && <SideBySide runs={runs} base={base} path={path} infos={chosen} />}
    </div>
  );
}

function SideBySide({ runs, base, path, infos }: { runs: readonly ComparedRun[]; base: number; path: string; infos: readonly (FileInfo | null)[] }) {
  const those = runs.flatMap((run, index) => (infos[index] ? [{ run, info: infos[index], isBase: index === base }] : []));
  const left = runs[base];
  return (
    <>
      <div className="compare-sides" tabIndex={0} role="region" aria-label={`${path} of each run`}>
        {those.map(({ run, info }) => (
          <section key={run.id} className="card" aria-label={`${path} of ${run.name}`}>
            <header>
              <h4 className="compare-name">
                <Stroke slot={run.slot} />
                <span className="ellipsis">{run.name}</span>
              </h4>
            </header>
            <Boundary what={`${path} of ${run.name} could not be shown.`}>
              <Preview uri={`runs:/${run.id}`} path={path} size={info.size ?? 0} />
            </Boundary>
          </section>
        ))}
      </div>
      {TEXT.test(path) &&
        left &&
        infos[base] &&
        those
          .filter((side) => !side.isBase)
          .map(({ run }) => (
            <section key={run.id} aria-label={`${path}: ${left.name} against ${run.name}`}>
              <h4 className="diff-title">
                {left.name} → {run.name}
              </h4>
              <FileDiff path={path} left={left.id} right={run.id} />
            </section>
          ))}
    </>
  );
}

function FileDiff({ path, left, right }: { path: string; left: string; right: string }) {
  const one = useQuery(fileTextQuery(`runs:/${left}`, path));
  const two = useQuery(fileTextQuery(`runs:/${right}`, path));
  const error = one.error ?? two.error;
  if (error) return <Failure what="The file could not be read." error={error} />;
  if (one.data === undefined || two.data === undefined) return <SkeletonRows rows={4} height={20} />;
  return <TextDiff left={one.data} right={two.data} label={`Changes of ${path}`} />;
}

/** What each run has in a folder, by path; null where one has not. */
function useListing(runs: readonly ComparedRun[], folder: string) {
  return useQueries({
    queries: runs.map((run) => ({ ...filesQuery(`runs:/${run.id}`, folder), retry: false })),
    combine: (results) => {
      const files = new Map<string, (FileInfo | null)[]>();
      results.forEach((result, index) => {
        for (const info of result.data ?? []) {
          const infos = files.get(info.path) ?? runs.map(() => null);
          infos[index] = info;
          files.set(info.path, infos);
        }
      });
      const sorted = new Map([...files].sort(([a, left], [b, right]) => Number(isFolder(right)) - Number(isFolder(left)) || a.localeCompare(b)));
      return {
        files: sorted,
        pending: results.some((result) => result.isPending),
        error: results.every((result) => result.isError) ? (results[0]?.error ?? null) : null,
      };
    },
  });
}

function isFolder(infos: readonly (FileInfo | null)[]): boolean {
  return infos.some((info) => info?.is_dir);
}

/** Whether one lacks it, or the sizes differ; folders may differ inside. */
function differ(infos: readonly (FileInfo | null)[]): boolean {
  return infos.some((info) => info === null || info.is_dir !== infos[0]?.is_dir || info.size !== infos[0]?.size || info.is_dir);
}
