/** A chart of lines as a table, for those who cannot see it or want the figures. */

import { type ChartData, type Extreme, extreme, lineTitle, placeOf } from "../../lib/chartdata";
import type { ChartView } from "../../lib/chartstate";
import { formatNumber } from "../../lib/format";
import { metricsOf } from "./look";
import { LineStroke } from "./tip";

export function LinesTable({ data, view, height, title }: { data: ChartData; view: ChartView; height: number; title: string }) {
  const metrics = metricsOf(data.lines);
  const grouped = data.lines.some((line) => line.grouped);
  return (
    <div className="chart-table" style={{ height }} tabIndex={0} role="region" aria-label={`${title} as a table`}>
      <table className="list compact">
        <thead>
          <tr>
            <th scope="col">{grouped ? "Group" : "Run"}</th>
            <th scope="col" className="num">
              First
            </th>
            <th scope="col" className="num">
              Last
            </th>
            <th scope="col" className="num">
              Min
            </th>
            <th scope="col" className="num">
              Max
            </th>
            <th scope="col" className="num">
              {grouped ? "Runs" : "Points"}
            </th>
          </tr>
        </thead>
        <tbody>
          {data.lines.map((line) => (
            <tr key={`${line.id} ${line.metric}`}>
              <th scope="row" className="ellipsis">
                <LineStroke line={line} metrics={metrics} /> {lineTitle(line, data.lines)}
              </th>
              <td className="num">{formatNumber(line.raw.last[0] ?? NaN)}</td>
              <td className="num">{formatNumber(line.raw.last.at(-1) ?? NaN)}</td>
              <Outermost end={extreme(line.raw, -1)} view={view} />
              <Outermost end={extreme(line.raw, 1)} view={view} />
              <td className="num">{line.total.toLocaleString("en")}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Outermost({ end, view }: { end: Extreme; view: ChartView }) {
  return (
    <td className="num" title={Number.isNaN(end.value) ? undefined : `${end.value} at ${placeOf(end.x, view)}`}>
      {formatNumber(end.value)}
    </td>
  );
}
