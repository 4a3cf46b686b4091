/** Rows of what is compared, one column for each run; what differs stands out, and the keys n and p lead from one to the next. */

import { useMemo, useState } from "react";
import { bestOf, delta, type Row } from "../../lib/compare";
import { formatNumber } from "../../lib/format";
import { Stroke } from "../marks";

export interface ComparedRun {
  id: string;
  name: string;
  slot: number;
}

interface Props {
  title: string;
  rows: readonly Row[];
  runs: readonly ComparedRun[];
  /** Place of the run that the others are held against. */
  base: number;
  onlyDifferences: boolean;
  /** What is said where no run has anything of this. */
  empty: string;
  /** Whether numbers are held against the base's. */
  deltas?: boolean;
}

/** Rows that are shown before somebody asks for more. */
const FIRST = 200;

export function CompareGrid({ title, rows, runs, base, onlyDifferences, empty, deltas }: Props) {
  const [all, setAll] = useState(false);
  const found = useMemo(() => (onlyDifferences ? rows.filter((row) => row.differs) : rows), [rows, onlyDifferences]);
  if (rows.length === 0) return <p className="muted pad">{empty}</p>;
  if (found.length === 0) {
    return <p className="muted pad">{rows.length === 1 ? "It is the same" : `All ${rows.length} are the same`} in these runs.</p>;
  }
  const shown = all ? found : found.slice(0, FIRST);
  return (
    <>
      <div className="compare-scroll" tabIndex={0} role="region" aria-label={title}>
        <table className="list compact compare-table">
          <thead>
            <tr>
              <th scope="col">{title}</th>
              {runs.map((run, index) => (
                <th key={run.id} scope="col" className={deltas ? "num" : undefined} data-base={index === base ? "" : undefined}>
                  <span className="compare-name">
                    <Stroke slot={run.slot} />
                    <span className="ellipsis" title={run.name}>
                      {run.name}
                    </span>
                  </span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((row) => (
              <RowView key={row.key} row={row} base={base} deltas={deltas === true} />
            ))}
          </tbody>
        </table>
      </div>
      {shown.length < found.length && (
        <button type="button" className="button compare-more" onClick={() => setAll(true)}>
          Show all {found.length.toLocaleString("en")}
        </button>
      )}
    </>
  );
}

function RowView({ row, base, deltas }: { row: Row; base: number; deltas: boolean }) {
  const best = bestOf(row);
  return (
    <tr data-difference={row.differs ? "" : undefined} tabIndex={row.differs ? -1 : undefined}>
      <th scope="row" title={row.key}>
        {row.key}
        {row.differs && <span className="hidden-text"> differs</span>}
      </th>
      {row.cells.map((cell, index) => (
        <td key={index} className={deltas ? "num" : undefined} data-base={index === base ? "" : undefined} title={cell.full ?? cell.text ?? "none"}>
          <span className={best.has(index) ? "strong" : undefined}>
            {cell.text ?? <span className="muted">—</span>}
            {best.has(index) && <span className="hidden-text"> best</span>}
          </span>
          {deltas && index !== base && <Delta row={row} index={index} base={base} />}
        </td>
      ))}
    </tr>
  );
}

function Delta({ row, index, base }: { row: Row; index: number; base: number }) {
  const found = delta(row.cells[index]?.value, row.cells[base]?.value);
  if (!found || found.difference === 0) return <span className="delta" />;
  const good = row.way === 0 ? "" : found.difference > 0 === row.way > 0 ? "ok" : "err";
  const sign = found.difference > 0 ? "+" : "";
  const percent = Number.isNaN(found.percent) ? "" : ` (${found.difference > 0 ? "+" : "−"}${formatPercent(Math.abs(found.percent))})`;
  return (
    <span className={`delta ${good}`}>
      {sign}
      {formatNumber(found.difference)}
      {percent}
      {good && <span className="hidden-text">{good === "ok" ? " better" : " worse"}</span>}
    </span>
  );
}

function formatPercent(percent: number): string {
  if (percent >= 1000) return `${formatNumber(Math.round(percent))} %`;
  return `${percent < 10 ? percent.toFixed(1) : percent.toFixed(0)} %`;
}
