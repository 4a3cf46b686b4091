/** The code of two runs: their commits, and how each differed from its commit. */

import { useMemo } from "react";
import type { Run } from "../../api/types";
import type { Row } from "../../lib/compare";
import { comparePage, pairs } from "../../lib/patch";
import { Snippet } from "../copy";
import type { Kept } from "./kept";
import { PatchView } from "./patchview";
import { TextDiff } from "./textdiff";

const COMMIT = "mlflow.source.git.commit";
const SOURCES: [string, string][] = [
  ["Commit", COMMIT],
  ["Branch", "mlflow.source.git.branch"],
  ["Repository", "mlflow.source.git.repoURL"],
  ["Source", "mlflow.source.name"],
  ["Entry point", "mlflow.project.entryPoint"],
];

/** What the tags say of the code, and whether it was changed after the commit. */
export function codeRows(runs: readonly Run[], kept: readonly Kept[]): Row[] {
  const rows = SOURCES.map(([key, tag]) => ({ key, cells: runs.map((run) => ({ text: run.tags[tag] ?? null })) }));
  const patches = new Map(kept.map((item) => [item.run.run_id, item.patch]));
  const changes = runs.map((run) => {
    if (!(COMMIT in run.tags)) return { text: null };
    const patch = patches.get(run.run_id) ?? "";
    return patch ? { text: plural(pairs(patch, patch).length), full: patch } : { text: "none" };
  });
  return [...rows, { key: "Uncommitted changes", cells: changes }]
    .filter((row) => row.cells.some((cell) => cell.text !== null))
    .map((row) => {
      const said = row.cells.map((cell) => ("full" in cell ? cell.full : cell.text));
      const cells = row.cells.map((cell) => ({ text: cell.text }));
      return { key: row.key, cells, differs: said.some((text) => text !== said[0]), way: 0 as const };
    });
}

export function CodeDiff({ base, other }: { base: Kept; other: Kept }) {
  const commits = [base.run.tags[COMMIT] ?? "", other.run.tags[COMMIT] ?? ""] as const;
  const remote = other.run.tags["mlflow.source.git.repoURL"] ?? base.run.tags["mlflow.source.git.repoURL"] ?? "";
  if (!commits[0] && !commits[1]) {
    return <p className="muted pad">Neither run says which commit it ran. Treering keeps it for runs that start inside a git checkout.</p>;
  }
  if (commits[0] === commits[1]) return <SameCommit base={base} other={other} />;
  const page = comparePage(remote, commits[0], commits[1]);
  return (
    <div className="compare-code">
      {commits[0] && commits[1] && (
        <>
          <Snippet label="What was committed in between" code={`git diff ${commits[0]} ${commits[1]}`} />
          {page && (
            <a className="link" href={page} target="_blank" rel="noopener noreferrer">
              Look at it where the repository is kept
            </a>
          )}
        </>
      )}
      {[base, other].map((side) => (
        <section key={side.run.run_id} aria-label={`Uncommitted changes of ${nameOf(side.run)}`}>
          <h4>Uncommitted in {nameOf(side.run)}</h4>
          {side.patch ? <PatchView text={side.patch} label={`Uncommitted in ${nameOf(side.run)}`} /> : <p className="muted">Nothing.</p>}
        </section>
      ))}
    </div>
  );
}

/** Of one commit, only what was changed and not committed can differ. */
function SameCommit({ base, other }: { base: Kept; other: Kept }) {
  const found = useMemo(() => pairs(base.patch, other.patch), [base.patch, other.patch]);
  if (base.patch === other.patch) {
    return <p className="muted pad">Both ran the same commit{base.patch ? ", with the same uncommitted changes" : ", with nothing uncommitted"}.</p>;
  }
  return (
    <div className="compare-code">
      {found.map((pair) => (
        <details key={pair.path} open={pair.standing !== "same"}>
          <summary>
            <code>{pair.path}</code> <span className="muted small">{saying(pair.standing, nameOf(base.run), nameOf(other.run))}</span>
          </summary>
          {pair.standing === "differs" ? (
            <TextDiff left={pair.base!.text} right={pair.other!.text} label={`Changes of ${pair.path}`} />
          ) : (
            <PatchView text={(pair.base ?? pair.other)!.text} label={`Changes of ${pair.path}`} />
          )}
        </details>
      ))}
    </div>
  );
}

function saying(standing: string, base: string, other: string): string {
  if (standing === "same") return "changed alike in both";
  if (standing === "differs") return "changed in both, not alike";
  return `changed only in ${standing === "only base" ? base : other}`;
}

function plural(files: number): string {
  return files === 1 ? "1 file" : `${files} files`;
}

export function nameOf(run: Run): string {
  return run.run_name || run.run_id;
}
