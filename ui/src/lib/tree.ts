/** Runs in the order in which a table shows them, children below their parent where both are there. */

import { PARENT_TAG, type Run } from "../api/queries";

export interface RunRow {
  run: Run;
  depth: number;
  /** How many children hang on it in this table. */
  children: number;
  /** Whether it has a parent that is not in this table. */
  orphan: boolean;
}

/** `nested` only where the order is the server's own and all runs are there: otherwise rows would jump. */
export function arrange(runs: readonly Run[], nested: boolean, folded: ReadonlySet<string>): RunRow[] {
  if (!nested) return runs.map((run) => ({ run, depth: 0, children: 0, orphan: PARENT_TAG in run.tags }));
  const known = new Set(runs.map((run) => run.run_id));
  const below = new Map<string, Run[]>();
  const roots: Run[] = [];
  for (const run of runs) {
    const parent = run.tags[PARENT_TAG];
    if (parent === undefined || !known.has(parent) || parent === run.run_id) roots.push(run);
    else below.set(parent, [...(below.get(parent) ?? []), run]);
  }
  const rows: RunRow[] = [];
  const seen = new Set<string>();
  const visit = (run: Run, depth: number) => {
    if (seen.has(run.run_id)) return;
    seen.add(run.run_id);
    const children = below.get(run.run_id) ?? [];
    rows.push({ run, depth, children: children.length, orphan: depth === 0 && PARENT_TAG in run.tags });
    if (!folded.has(run.run_id)) for (const child of children) visit(child, depth + 1);
  };
  for (const run of roots) visit(run, 0);
  return rows;
}
