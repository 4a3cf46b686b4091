/** What the charts show: which metrics, over which axis, how smooth, how large; and charts that are added. */

import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { placeOf } from "../../lib/chartdata";
import type { ChartSize, ChartView, XKind } from "../../lib/chartstate";
import { metricTest } from "../../lib/chartstate";
import type { Band } from "../../lib/grouped";
import { PANEL_FORMS, type PanelKind } from "../../lib/panels";
import { SMOOTHING_AMOUNTS, type Smoothing } from "../../lib/smoothing";
import { Icon } from "../icons";
import { Menu } from "../menu";
import { CardMenu } from "./cardmenu";
import { useShared } from "./state";

const AddPanel = lazy(() => import("./addpanel"));

const AXES: Record<Exclude<XKind, "metric">, string> = { step: "Step", relative: "Relative time", time: "Wall time" };
const SMOOTHINGS: Record<Smoothing, string> = {
  none: "None",
  exponential: "Moving average",
  "time-weighted": "Moving average over time",
  running: "Running mean",
  gaussian: "Gaussian",
};
const START: Record<Exclude<Smoothing, "none">, number> = { exponential: 0.6, "time-weighted": 0.6, running: 10, gaussian: 5 };
const BANDS: Record<Band, string> = { range: "Min to max", deviation: "Standard deviation", error: "Standard error", none: "None" };
const SIZES: Record<ChartSize, string> = { s: "Small", m: "Medium", l: "Large" };

interface Props {
  /** Metrics that can stand on the horizontal axis, and be chosen for charts that are added. */
  keys: readonly string[];
  kinds: readonly PanelKind[];
}

export function Toolbar({ keys, kinds }: Props) {
  const { view, change, zoom } = useShared();
  return (
    <div className="chart-tools" role="group" aria-label="Charts">
      <Find find={view.find} onFind={(find) => change({ find })} />
      {view.zoom && (
        <button type="button" className="button zoomed" aria-label="Show all again" onClick={() => zoom(null)}>
          <span className="ellipsis">{view.zoom.map((end) => placeOf(rounded(end, view), view)).join(" – ")}</span>
          <Icon name="cross" size={14} />
        </button>
      )}
      <AxisMenu keys={keys} />
      <SmoothMenu />
      <LayoutMenu />
      <AddMenu keys={keys} kinds={kinds} />
    </div>
  );
}

/** Narrows the charts while it is typed; the address follows a moment later. */
function Find({ find, onFind }: { find: string; onFind: (find: string) => void }) {
  const [text, setText] = useState({ find, typed: find });
  if (text.find !== find) setText({ find, typed: find });
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const { wrong } = metricTest(text.typed);
  return (
    <input
      type="search"
      className="field chart-find"
      aria-label="Find metrics"
      aria-invalid={wrong || undefined}
      title={wrong ? "This is no regular expression." : "A part of the name, or a regular expression between slashes"}
      placeholder="Find metrics"
      value={text.typed}
      onChange={(event) => {
        const typed = event.target.value;
        setText({ find, typed });
        clearTimeout(timer.current);
        timer.current = setTimeout(() => onFind(typed), 200);
      }}
    />
  );
}

function AxisMenu({ keys }: { keys: readonly string[] }) {
  const { view, change } = useShared();
  const label = view.x === "metric" ? view.xKey : AXES[view.x];
  return (
    <Menu label={`${label} ▾`}>
      <div role="group" aria-label="Horizontal axis">
        <h3>Horizontal axis</h3>
        {(Object.keys(AXES) as (keyof typeof AXES)[]).map((axis) => (
          <label key={axis}>
            <input type="radio" name="chart-x" checked={view.x === axis} onChange={() => change({ x: axis, xKey: "", zoom: null })} />
            {AXES[axis]}
          </label>
        ))}
        <label>
          <input
            type="radio"
            name="chart-x"
            checked={view.x === "metric"}
            disabled={keys.length === 0}
            onChange={() => change({ x: "metric", xKey: keys.find((key) => /epoch|token|sample|iter/i.test(key)) ?? keys[0]!, zoom: null })}
          />
          Another metric
        </label>
        {view.x === "metric" && (
          <select
            className="field"
            aria-label="Metric on the horizontal axis"
            value={view.xKey}
            onChange={(event) => change({ xKey: event.target.value, zoom: null })}
          >
            {[...new Set([view.xKey, ...keys])].map((key) => (
              <option key={key}>{key}</option>
            ))}
          </select>
        )}
        <label>
          <input type="checkbox" checked={view.logX} onChange={() => change({ logX: !view.logX })} />
          Logarithmic
        </label>
      </div>
      <div role="group" aria-label="Vertical axis">
        <h3>Vertical axis</h3>
        <label>
          <input type="checkbox" checked={view.logY} onChange={() => change({ logY: !view.logY })} />
          Logarithmic
        </label>
        <label>
          <input type="checkbox" checked={view.clip} onChange={() => change({ clip: !view.clip })} />
          Leave outliers outside
        </label>
      </div>
    </Menu>
  );
}

function SmoothMenu() {
  const { view, change } = useShared();
  const { smoothing, amount } = view;
  const [least, most] = smoothing === "none" ? [0, 0] : SMOOTHING_AMOUNTS[smoothing];
  const fine = most <= 1;
  return (
    <Menu label={smoothing === "none" ? "Smooth ▾" : `Smooth ${amount} ▾`}>
      <div role="group" aria-label="Smoothing">
        {(Object.keys(SMOOTHINGS) as Smoothing[]).map((kind) => (
          <label key={kind}>
            <input
              type="radio"
              name="smoothing"
              checked={smoothing === kind}
              onChange={() => change({ smoothing: kind, amount: kind === "none" ? 0 : START[kind] })}
            />
            {SMOOTHINGS[kind]}
          </label>
        ))}
      </div>
      {smoothing !== "none" && (
        <label>
          <input
            type="range"
            aria-label={fine ? "Weight of the past" : "Points"}
            min={Math.max(least, fine ? 0.01 : 1)}
            max={fine ? 0.99 : most}
            step={fine ? 0.01 : 1}
            value={amount}
            onChange={(event) => change({ amount: Number(event.target.value) })}
          />
          <span className="num">{amount}</span>
        </label>
      )}
    </Menu>
  );
}

function LayoutMenu() {
  const { view, change, groups } = useShared();
  return (
    <Menu label="Layout ▾">
      {groups.length > 0 && (
        <>
          <div role="group" aria-label="Line of a group">
            <h3>Line of a group</h3>
            {(["mean", "median"] as const).map((middle) => (
              <label key={middle}>
                <input type="radio" name="middle" checked={view.middle === middle} onChange={() => change({ middle })} />
                {middle === "mean" ? "Mean" : "Median"}
              </label>
            ))}
          </div>
          <div role="group" aria-label="Band of a group">
            <h3>Band of a group</h3>
            {(Object.keys(BANDS) as Band[]).map((band) => (
              <label key={band}>
                <input type="radio" name="band" checked={view.band === band} onChange={() => change({ band })} />
                {BANDS[band]}
              </label>
            ))}
          </div>
        </>
      )}
      <div role="group" aria-label="Size">
        <h3>Size</h3>
        {(Object.keys(SIZES) as ChartSize[]).map((size) => (
          <label key={size}>
            <input type="radio" name="chart-size" checked={view.size === size} onChange={() => change({ size })} />
            {SIZES[size]}
          </label>
        ))}
      </div>
      <div role="group" aria-label="Charts in a row">
        <h3>Charts in a row</h3>
        <select
          className="field"
          aria-label="Charts in a row"
          value={view.across}
          onChange={(event) => change({ across: Number(event.target.value) })}
        >
          <option value={0}>As many as fit</option>
          {[1, 2, 3, 4, 5, 6].map((count) => (
            <option key={count} value={count}>
              {count}
            </option>
          ))}
        </select>
      </div>
    </Menu>
  );
}

function AddMenu({ keys, kinds }: Props) {
  const { view, change } = useShared();
  const [kind, setKind] = useState<PanelKind | null>(null);
  return (
    <>
      <CardMenu
        title="Add chart ▾"
        plain
        actions={kinds.map((name) => ({ label: PANEL_FORMS[name].title, what: PANEL_FORMS[name].what, run: () => setKind(name) }))}
      />
      {kind && (
        <Suspense fallback={null}>
          <AddPanel
            kind={kind}
            keys={keys}
            close={() => setKind(null)}
            onDone={(panel) => {
              setKind(null);
              change({ panels: [...view.panels, panel] });
            }}
          />
        </Suspense>
      )}
    </>
  );
}

/** A place that was dragged to, as it is said: steps are whole. */
function rounded(x: number, view: ChartView): number {
  return view.x === "step" ? Math.round(x) : x;
}
