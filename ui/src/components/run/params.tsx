/** The params of a run, folded by what their names begin with. */

import { useState } from "react";
import type { Run } from "../../api/types";
import { type Branch, markOf, nest } from "../../lib/nested";
import { Card } from "../card";
import { CopyButton } from "../copy";

const FILTERED_FROM = 8;
const AT_ONCE = 30;
const LONGEST = 400;

export function ParamsCard({ run }: { run: Run }) {
  const [text, setText] = useState("");
  const [all, setAll] = useState(false);
  const pairs = Object.entries(run.params);
  const wanted = text.trim().toLowerCase();
  const found = pairs.filter(([key, value]) => key.toLowerCase().includes(wanted) || value.toLowerCase().includes(wanted));
  const branches = nest(found, wanted ? "" : markOf(found));
  const shown = all ? branches : branches.slice(0, AT_ONCE);
  return (
    <Card title="Params" count={pairs.length}>
      {pairs.length === 0 ? (
        <p className="muted pad">This run logged no params.</p>
      ) : (
        <>
          {pairs.length >= FILTERED_FROM && (
            <div className="card-bar">
              <input className="field" type="search" placeholder="Filter params" aria-label="Filter params" value={text} onChange={(event) => setText(event.target.value)} />
              <CopyButton text={JSON.stringify(Object.fromEntries(found), null, 2)} label="Copy as JSON" />
            </div>
          )}
          <ul className="params">
            {shown.map((branch) => (
              <Shown key={branch.key} branch={branch} depth={0} open={found.length <= AT_ONCE} />
            ))}
          </ul>
          {found.length === 0 && <p className="muted pad">No param has this in its name or value.</p>}
          {branches.length > AT_ONCE && (
            <p className="card-more">
              <button type="button" className="button quiet" onClick={() => setAll(!all)}>
                {all ? "Show fewer" : `Show all ${branches.length.toLocaleString("en")}`}
              </button>
            </p>
          )}
        </>
      )}
    </Card>
  );
}

function Shown({ branch, depth, open }: { branch: Branch; depth: number; open: boolean }) {
  const [unfolded, setUnfolded] = useState(open);
  const [whole, setWhole] = useState(false);
  const indent = { paddingLeft: 12 + depth * 16 };
  if (branch.value !== null) {
    const long = branch.value.length > LONGEST && !whole;
    return (
      <li className="param" style={indent}>
        <span className="param-key" title={branch.key}>
          {branch.name}
        </span>
        <span className="param-value">
          {long ? `${branch.value.slice(0, LONGEST)}…` : branch.value}
          {long && (
            <button type="button" className="button quiet" onClick={() => setWhole(true)}>
              all {branch.value.length.toLocaleString("en")} characters
            </button>
          )}
        </span>
      </li>
    );
  }
  return (
    <li>
      <button type="button" className="param-fold" style={indent} aria-expanded={unfolded} onClick={() => setUnfolded(!unfolded)}>
        <span className="json-arrow" aria-hidden="true" />
        <span className="ellipsis">{branch.name}</span>
        <span className="muted small">{branch.count}</span>
      </button>
      {unfolded && (
        <ul>
          {branch.children.map((child) => (
            <Shown key={`${child.key} ${child.value === null}`} branch={child} depth={depth + 1} open={open} />
          ))}
        </ul>
      )}
    </li>
  );
}
