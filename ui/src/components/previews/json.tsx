/** JSON as a tree whose branches fold. */

import { useState } from "react";
import { cellText, isObject } from "../../lib/tables";

const AT_ONCE = 200;
const OPEN_DEPTH = 2;
const LONGEST = 400;

export function JsonTree({ value, label }: { value: unknown; label: string }) {
  return (
    <div className="file-text json-tree" tabIndex={0} role="region" aria-label={label}>
      <Node name="" value={value} depth={0} />
    </div>
  );
}

function Node({ name, value, depth }: { name: string; value: unknown; depth: number }) {
  const entries = entriesOf(value);
  const [open, setOpen] = useState(depth < OPEN_DEPTH && (entries?.length ?? 0) <= AT_ONCE);
  const [most, setMost] = useState(AT_ONCE);
  if (!entries) {
    return (
      <div className="json-line">
        {name !== "" && <span className="json-key">{name}</span>}
        <Leaf value={value} />
      </div>
    );
  }
  const [left, right] = Array.isArray(value) ? ["[", "]"] : ["{", "}"];
  const what = Array.isArray(value) ? "items" : "keys";
  return (
    <div>
      <button type="button" className="json-line json-fold" aria-expanded={open} onClick={() => setOpen(!open)}>
        <span className="json-arrow" aria-hidden="true" />
        {name !== "" && <span className="json-key">{name}</span>}
        <span className="muted">
          {left}
          {open ? "" : ` ${entries.length.toLocaleString("en")} ${entries.length === 1 ? what.slice(0, -1) : what} ${right}`}
        </span>
      </button>
      {open && (
        <div className="json-inner">
          {entries.slice(0, most).map(([key, inner]) => (
            <Node key={key} name={key} value={inner} depth={depth + 1} />
          ))}
          {entries.length > most && (
            <button type="button" className="button" onClick={() => setMost(most + 5 * AT_ONCE)}>
              {(entries.length - most).toLocaleString("en")} more
            </button>
          )}
        </div>
      )}
    </div>
  );
}

function Leaf({ value }: { value: unknown }) {
  const [whole, setWhole] = useState(false);
  if (typeof value !== "string") return <span className={value === null ? "muted" : "json-number"}>{value === null ? "null" : cellText(value)}</span>;
  const cut = value.length > LONGEST && !whole;
  return (
    <span className="json-text">
      "{cut ? value.slice(0, LONGEST) : value}
      {cut ? "…" : '"'}
      {cut && (
        <button type="button" className="button quiet" onClick={() => setWhole(true)}>
          {value.length.toLocaleString("en")} characters
        </button>
      )}
    </span>
  );
}

/** What a branch holds; null for a leaf. */
function entriesOf(value: unknown): [string, unknown][] | null {
  if (Array.isArray(value)) return value.map((item, at) => [String(at), item]);
  return isObject(value) ? Object.entries(value) : null;
}
