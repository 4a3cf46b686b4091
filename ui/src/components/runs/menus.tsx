/** The menus of the table: which columns, which groups, how it looks. */

import { type DragEvent, useMemo, useState } from "react";
import type { RunKey } from "../../api/types";
import { type ColumnId, columnOf, columnTitle, idOf, moved, offeredColumns } from "../../lib/columns";
import type { Aggregate, Density, Shown, WorkspaceView } from "../../lib/viewstate";
import { Icon } from "../icons";
import { Menu } from "../menu";

type Change = (part: Partial<WorkspaceView>) => void;

interface ColumnProps {
  keys: readonly RunKey[];
  columns: readonly ColumnId[];
  /** Whether they were chosen, rather than found from the data. */
  chosen: boolean;
  onChange: (columns: string[] | null) => void;
}

const KINDS = [
  ["attribute", "Attributes"],
  ["metric", "Metrics"],
  ["param", "Params"],
  ["tag", "Tags"],
] as const;
/** Most offers of a kind at once; the search finds the others. */
const MOST = 60;

export function ColumnMenu(props: ColumnProps) {
  return (
    <Menu label={`Columns ${props.columns.length + 1}`}>
      <ColumnList {...props} />
    </Menu>
  );
}

function ColumnList({ keys, columns, chosen, onChange }: ColumnProps) {
  const [text, setText] = useState("");
  const offers = useMemo(() => offeredColumns(keys), [keys]);
  const wanted = text.toLowerCase();
  const toggle = (id: ColumnId) => onChange(columns.includes(id) ? columns.filter((other) => other !== id) : [...columns, id]);
  return (
    <>
      <input type="search" className="field" aria-label="Find a column" placeholder="Find a column" value={text} autoFocus onChange={(event) => setText(event.target.value)} />
      {chosen && (
        <button type="button" className="button quiet" onClick={() => onChange(null)}>
          Choose from the data
        </button>
      )}
      {text === "" && <ShownColumns columns={columns} onChange={onChange} />}
      {KINDS.map(([kind, title]) => {
        const found = offers[kind].filter((offer) => columnTitle(offer.id).toLowerCase().includes(wanted) || offer.id.toLowerCase().includes(wanted));
        if (found.length === 0) return null;
        return (
          <div key={kind} role="group" aria-label={title}>
            <p className="menu-title">
              {title} {found.length.toLocaleString("en")}
            </p>
            {found.slice(0, MOST).map(({ id, runs }) => (
              <label key={id} className="offer">
                <input type="checkbox" checked={columns.includes(id)} onChange={() => toggle(id)} />
                <span className="ellipsis" title={columnTitle(id)}>
                  {columnTitle(id)}
                </span>
                <span className="muted small push">{runs.toLocaleString("en")}</span>
                {kind === "metric" && <Figures id={id} columns={columns} toggle={toggle} />}
              </label>
            ))}
            {found.length > MOST && <p className="muted small pad-line">And {(found.length - MOST).toLocaleString("en")} more: type to find them.</p>}
          </div>
        );
      })}
    </>
  );
}

/** Other figures of a metric. */
function Figures({ id, columns, toggle }: { id: ColumnId; columns: readonly ColumnId[]; toggle: (id: ColumnId) => void }) {
  const { key } = columnOf(id);
  return (
    <span className="figure-buttons" role="group" aria-label={`Figures of ${key}`}>
      {(["min", "max", "line"] as const).map((figure) => {
        const other = idOf("metric", key, figure);
        return (
          <button key={figure} type="button" aria-pressed={columns.includes(other)} title={columnTitle(other)} onClick={() => toggle(other)}>
            {figure === "line" ? "∿" : figure}
          </button>
        );
      })}
    </span>
  );
}

const KIND = "application/x-treering-place";

/** What is shown, in its order; dragged, or moved by its buttons. */
function ShownColumns({ columns, onChange }: { columns: readonly ColumnId[]; onChange: (columns: string[]) => void }) {
  const drop = (event: DragEvent, to: number) => {
    const from = Number(event.dataTransfer.getData(KIND));
    event.preventDefault();
    if (Number.isInteger(from) && from !== to) onChange(moved(columns, from, to));
  };
  return (
    <div role="group" aria-label="Shown">
      <p className="menu-title">Shown</p>
      <ol className="shown-columns">
        {columns.map((id, at) => (
          <li
            key={id}
            draggable
            onDragStart={(event) => event.dataTransfer.setData(KIND, String(at))}
            onDragOver={(event) => event.preventDefault()}
            onDrop={(event) => drop(event, at)}
          >
            <span className="ellipsis">{columnTitle(id)}</span>
            <button type="button" aria-label={`Move ${columnTitle(id)} up`} disabled={at === 0} onClick={() => onChange(moved(columns, at, at - 1))}>
              ↑
            </button>
            <button type="button" aria-label={`Move ${columnTitle(id)} down`} disabled={at === columns.length - 1} onClick={() => onChange(moved(columns, at, at + 1))}>
              ↓
            </button>
            <button type="button" aria-label={`Remove ${columnTitle(id)}`} onClick={() => onChange(columns.filter((other) => other !== id))}>
              <Icon name="cross" size={12} />
            </button>
          </li>
        ))}
      </ol>
    </div>
  );
}

export function GroupMenu({ keys, view, onChange }: { keys: readonly RunKey[]; view: WorkspaceView; onChange: Change }) {
  const { group } = view;
  const label = group.length === 0 ? "Group" : `Group: ${group.map(columnTitle).join(", ")}`;
  return (
    <Menu label={<span className="ellipsis group-label">{label}</span>}>
      <GroupList keys={keys} view={view} onChange={onChange} />
    </Menu>
  );
}

const AGGREGATES: Record<Aggregate, string> = { mean: "Mean ± deviation", median: "Median", min: "Least", max: "Greatest" };

function GroupList({ keys, view, onChange }: { keys: readonly RunKey[]; view: WorkspaceView; onChange: Change }) {
  const [text, setText] = useState("");
  const { group } = view;
  const offers = useMemo(() => {
    const { attribute, param, tag } = offeredColumns(keys);
    const few = attribute.filter((offer) => offer.id === "status" || offer.id === "user_id");
    return [...param, ...tag, ...few].map((offer) => offer.id);
  }, [keys]);
  const found = [...new Set([...group, ...offers])].filter((id) => columnTitle(id).toLowerCase().includes(text.toLowerCase()));
  const toggle = (id: ColumnId) => onChange({ group: group.includes(id) ? group.filter((other) => other !== id) : [...group, id], groups: null });
  return (
    <>
      <input type="search" className="field" aria-label="Find a field" placeholder="Find a field" value={text} autoFocus onChange={(event) => setText(event.target.value)} />
      {group.length > 0 && (
        <>
          <button type="button" className="button quiet" onClick={() => onChange({ group: [], groups: null })}>
            No groups
          </button>
          <div role="group" aria-label="What groups show">
            <p className="menu-title">What groups show</p>
            {(Object.keys(AGGREGATES) as Aggregate[]).map((aggregate) => (
              <label key={aggregate}>
                <input type="radio" name="aggregate" checked={view.aggregate === aggregate} onChange={() => onChange({ aggregate })} />
                {AGGREGATES[aggregate]}
              </label>
            ))}
          </div>
        </>
      )}
      <div role="group" aria-label="Group by">
        <p className="menu-title">Group by</p>
        {found.slice(0, MOST).map((id) => (
          <label key={id}>
            <input type="checkbox" checked={group.includes(id)} onChange={() => toggle(id)} />
            <span className="ellipsis">{columnTitle(id)}</span>
          </label>
        ))}
      </div>
    </>
  );
}

const DENSITIES: Record<Density, string> = { compact: "Compact", normal: "Normal", comfortable: "Comfortable" };
const SHOWN: Record<Shown, string> = { active: "Active runs", deleted: "Deleted runs", all: "All runs" };

export function DisplayMenu({ view, nested, onChange }: { view: WorkspaceView; nested: boolean; onChange: Change }) {
  return (
    <Menu label="Display">
      <div role="group" aria-label="Runs shown">
        <p className="menu-title">Runs shown</p>
        {(Object.keys(SHOWN) as Shown[]).map((shown) => (
          <label key={shown}>
            <input type="radio" name="shown" checked={view.shown === shown} onChange={() => onChange({ shown })} />
            {SHOWN[shown]}
          </label>
        ))}
        <label>
          <input type="checkbox" checked={nested} disabled={view.group.length > 0} onChange={() => onChange({ tree: !nested })} />
          Nested runs below their parent
        </label>
        {view.hidden.length > 0 && (
          <button type="button" className="button quiet" onClick={() => onChange({ hidden: [] })}>
            Show {view.hidden.length} hidden
          </button>
        )}
        {view.pins.length > 0 && (
          <button type="button" className="button quiet" onClick={() => onChange({ pins: [] })}>
            Unpin {view.pins.length}
          </button>
        )}
        {view.base !== "" && (
          <button type="button" className="button quiet" onClick={() => onChange({ base: "" })}>
            No baseline
          </button>
        )}
      </div>
      <div role="group" aria-label="Columns">
        <p className="menu-title">Columns</p>
        <label>
          <input type="checkbox" checked={view.differing} onChange={() => onChange({ differing: !view.differing })} />
          Only those that differ
        </label>
        <label>
          <input type="checkbox" checked={view.heat} onChange={() => onChange({ heat: !view.heat })} />
          Tint numbers by their size
        </label>
      </div>
      <div role="group" aria-label="Rows">
        <p className="menu-title">Rows</p>
        {(Object.keys(DENSITIES) as Density[]).map((density) => (
          <label key={density}>
            <input type="radio" name="density" checked={view.density === density} onChange={() => onChange({ density })} />
            {DENSITIES[density]}
          </label>
        ))}
      </div>
    </Menu>
  );
}
