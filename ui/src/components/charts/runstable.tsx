/** What a panel shows of each run, as a table. */

import { Link } from "@tanstack/react-router";
import type { RunTable } from "../../lib/analysis";
import { cellText } from "./options";

const MOST = 200;

export function RunsTable({ table, rows, height, title }: { table: RunTable; rows: readonly number[]; height: number; title: string }) {
  return (
    <div className="chart-table" style={{ height }} tabIndex={0} role="region" aria-label={`${title} as a table`}>
      <table className="list compact">
        <thead>
          <tr>
            <th scope="col">Run</th>
            {table.columns.map((column) => (
              <th key={column.field} scope="col" className={column.numeric ? "num" : undefined}>
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, MOST).map((row) => (
            <tr key={table.runIds[row]}>
              <th scope="row" className="ellipsis">
                <Link to="/runs/$runId" params={{ runId: table.runIds[row]! }} className="link">
                  {table.names[row]}
                </Link>
              </th>
              {table.columns.map((column) => (
                <td key={column.field} className={column.numeric ? "num" : undefined}>
                  {cellText(column.cells[row] ?? null, column.field)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > MOST && <p className="muted small pad">The first {MOST} of {rows.length.toLocaleString("en")}; all are in the CSV.</p>}
    </div>
  );
}
