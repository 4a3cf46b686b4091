/** The menus of the workspace: which columns, which x axis, how smooth. */

import { useMemo, useState } from "react";
import type { Run } from "../api/queries";
import { allColumns, columnTitle } from "../lib/columns";
import type { WorkspaceView, XAxis } from "../lib/viewstate";
import { Menu } from "./menu";

const GROUPS = [
  { prefix: "", title: "Attributes" },
  { prefix: "metrics.", title: "Metrics" },
  { prefix: "params.", title: "Params" },
  { prefix: "tags.", title: "Tags" },
];
const AXES: Record<XAxis, string> = { step: "Step", relative: "Relative time", time: "Wall time" };

interface ColumnProps {
  runs: readonly Run[];
  columns: readonly string[];
  chosen: boolean;
  onChange: (columns: string[] | null) => void;
}

export function ColumnMenu(props: ColumnProps) {
  return (
    <Menu label={`Columns ${props.columns.length + 1}`}>
      <ColumnList {...props} />
    </Menu>
  );
}

function ColumnList({ runs, columns, chosen, onChange }: ColumnProps) {
  const [text, setText] = useState("");
  const offered = useMemo(() => [...new Set([...allColumns(runs), ...columns])], [runs, columns]);
  const matching = offered.filter((id) => columnTitle(id).toLowerCase().includes(text.toLowerCase()));
  const toggle = (id: string) =>
    onChange(columns.includes(id) ? columns.filter((other) => other !== id) : [...columns, id]);
  return (
    <>
      <input
        type="search"
        className="field"
        aria-label="Find a column"
        placeholder="Find a column"
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      {chosen && (
        <button type="button" className="button quiet" onClick={() => onChange(null)}>
          Choose from the data
        </button>
      )}
      {GROUPS.map(({ prefix, title }) => {
        const members = matching.filter((id) => (prefix ? id.startsWith(prefix) : !id.includes(".")));
        if (members.length === 0) return null;
        return (
          <div key={title} role="group" aria-label={title}>
            <h3>{title}</h3>
            {members.map((id) => (
              <label key={id}>
                <input type="checkbox" checked={columns.includes(id)} onChange={() => toggle(id)} />
                <span className="ellipsis">{columnTitle(id)}</span>
              </label>
            ))}
          </div>
        );
      })}
    </>
  );
}

export function AxisMenu({ x, log, onChange }: { x: XAxis; log: boolean; onChange: (part: Partial<WorkspaceView>) => void }) {
  return (
    <Menu label={`${AXES[x]} ▾`}>
      <div role="group" aria-label="Horizontal axis">
        <h3>Horizontal axis</h3>
        {(Object.keys(AXES) as XAxis[]).map((axis) => (
          <label key={axis}>
            <input type="radio" name="x-axis" checked={x === axis} onChange={() => onChange({ x: axis })} />
            {AXES[axis]}
          </label>
        ))}
      </div>
      <div role="group" aria-label="Vertical axis">
        <h3>Vertical axis</h3>
        <label>
          <input type="checkbox" checked={log} onChange={() => onChange({ log: !log })} />
          Logarithmic
        </label>
      </div>
    </Menu>
  );
}

export function SmoothMenu({ smooth, onChange }: { smooth: number; onChange: (smooth: number) => void }) {
  return (
    <Menu label={`Smooth ${smooth}`}>
      <label>
        <span>Moving average</span>
        <input
          type="range"
          min="0"
          max="0.99"
          step="0.01"
          value={smooth}
          aria-label="Weight of the past in the moving average"
          onChange={(event) => onChange(Number(event.target.value))}
        />
        <span className="num">{smooth.toFixed(2)}</span>
      </label>
    </Menu>
  );
}
