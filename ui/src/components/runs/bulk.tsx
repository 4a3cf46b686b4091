/** What can be done to the runs that are selected. */

import { lazy, Suspense, useState } from "react";
import { formatCount } from "../../lib/format";
import { countOf, EVERYTHING, NOTHING, type Selection } from "../../lib/selection";
import type { Shown } from "../../lib/viewstate";
import { Menu } from "../menu";
import type { RunActions, Target } from "./actions";

const BulkTagDialog = lazy(() => import("./dialogs").then((module) => ({ default: module.BulkTagDialog })));

interface Props {
  target: Target;
  total: number;
  shown: Shown;
  actions: RunActions;
  onSelect: (selection: Selection) => void;
  onCompare: () => void;
  onExport: () => void;
  onDraw: () => void;
  onCopyIds: () => void;
}

/** Most runs that the page of a comparison takes. */
export const MOST_COMPARED = 20;

export function BulkBar({ target, total, shown, actions, onSelect, onCompare, onExport, onDraw, onCopyIds }: Props) {
  const [tagging, setTagging] = useState(false);
  const { selection } = target;
  const count = countOf(selection, total);
  const runs = formatCount(count, "run");
  const compared = !selection.all && count >= 2 && count <= MOST_COMPARED;
  return (
    <div className="bulk" role="toolbar" aria-label={`${runs} selected`}>
      <span className="bulk-count" role="status">
        {selection.all ? `All ${runs} that match` : `${count.toLocaleString("en")} selected`}
      </span>
      {!selection.all && count < total && (
        <button type="button" className="button quiet" onClick={() => onSelect(EVERYTHING)}>
          Select all {total.toLocaleString("en")} that match
        </button>
      )}
      <button
        type="button"
        className="button primary"
        disabled={!compared}
        title={compared ? "Compare (c)" : `Between 2 and ${MOST_COMPARED} runs can be compared`}
        onClick={onCompare}
      >
        Compare{compared ? ` ${count}` : ""}
      </button>
      <button type="button" className="button" onClick={() => setTagging(true)}>
        Tag
      </button>
      {shown !== "active" && (
        <button type="button" className="button" onClick={() => void actions.restore(target).then(() => onSelect(NOTHING))}>
          Restore
        </button>
      )}
      {shown !== "deleted" && (
        <button type="button" className="button danger" onClick={() => void actions.remove(target).then(() => onSelect(NOTHING))}>
          Delete
        </button>
      )}
      <button type="button" className="button" onClick={onExport}>
        Export
      </button>
      <Menu label="More ▾">
        <div className="menu-list">
          <button type="button" onClick={onDraw}>
            Draw in the charts
          </button>
          <button type="button" disabled={selection.all && total > 5000} onClick={onCopyIds}>
            Copy ids
          </button>
        </div>
      </Menu>
      <button type="button" className="button quiet push" onClick={() => onSelect(NOTHING)}>
        Clear
      </button>
      {tagging && (
        <Suspense fallback={null}>
          <BulkTagDialog target={target} count={count} actions={actions} close={() => setTagging(false)} />
        </Suspense>
      )}
    </div>
  );
}
