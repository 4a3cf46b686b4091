/** The workspace's view as search parameters, and back. What is at its default is left out. */

export type Density = "compact" | "normal" | "comfortable";
export type Shown = "active" | "deleted" | "all";
export type Aggregate = "mean" | "median" | "min" | "max";
export type Pane = "both" | "runs" | "charts";

export interface WorkspaceView {
  /** The filter, in the search grammar. */
  q: string;
  /** Columns to sort by, with "-" before one for descending; none is newest first. */
  sort: readonly string[];
  /** Columns that were chosen; null lets the data decide. */
  cols: readonly string[] | null;
  /** Columns that stay at the left. */
  fixed: readonly string[];
  widths: Readonly<Record<string, number>>;
  /** Only columns in which the runs differ. */
  differing: boolean;
  /** Numbers on a ground whose strength says how large they are. */
  heat: boolean;
  density: Density;
  /** Fields whose values make groups. */
  group: readonly string[];
  aggregate: Aggregate;
  /** Whether nested runs stand below their parent; null lets the data decide. */
  tree: boolean | null;
  /** Runs on top of all others. */
  pins: readonly string[];
  /** Runs that are left out. */
  hidden: readonly string[];
  shown: Shown;
  /** Drawn runs by colour slot, "" for a free slot; null draws the first ones. */
  runs: readonly string[] | null;
  /** Drawn groups by colour slot, likewise. */
  groups: readonly string[] | null;
  /** The run that the others are compared with. */
  base: string;
  /** The saved view that this one came from. */
  view: string;
  pane: Pane;
  /** What the charts keep in the address; nothing else reads it. */
  charts: Readonly<Record<string, string>>;
}

export const EMPTY_VIEW: WorkspaceView = {
  q: "",
  sort: [],
  cols: null,
  fixed: [],
  widths: {},
  differing: false,
  heat: false,
  density: "normal",
  group: [],
  aggregate: "mean",
  tree: null,
  pins: [],
  hidden: [],
  shown: "active",
  runs: null,
  groups: null,
  base: "",
  view: "",
  pane: "both",
  charts: {},
};

const OWN = new Set(
  ("q sort cols fixed widths differing heat density group aggregate tree pins hidden shown runs groups base view pane").split(
    " ",
  ),
);
const MOST_SLOTS = 20;
const LEAST_WIDTH = 48;
const MOST_WIDTH = 1200;

/** The search parameters of `view`. Lists are joined by commas; a comma inside a name is written as %2C. */
export function writeView(view: WorkspaceView): Record<string, string> {
  const search: Record<string, string> = {};
  const put = (key: string, text: string) => {
    if (text !== "") search[key] = text;
  };
  put("q", view.q);
  put("sort", joined(view.sort));
  // An empty list of columns is a choice too, and differs from none.
  if (view.cols) search.cols = view.cols.length > 0 ? joined(view.cols) : ",";
  put("fixed", joined(view.fixed));
  put("widths", joined(Object.entries(view.widths).map(([id, width]) => `${id}:${Math.round(width)}`)));
  put("differing", view.differing ? "1" : "");
  put("heat", view.heat ? "1" : "");
  put("density", view.density === "normal" ? "" : view.density);
  put("group", joined(view.group));
  put("aggregate", view.aggregate === "mean" ? "" : view.aggregate);
  put("tree", view.tree === null ? "" : view.tree ? "1" : "0");
  put("pins", joined(view.pins));
  put("hidden", joined(view.hidden));
  put("shown", view.shown === "active" ? "" : view.shown);
  if (view.runs) search.runs = view.runs.length > 0 ? joined(view.runs) : ",";
  if (view.groups) search.groups = view.groups.length > 0 ? joined(view.groups) : ",";
  put("base", view.base);
  put("view", view.view);
  put("pane", view.pane === "both" ? "" : view.pane);
  for (const [key, value] of Object.entries(view.charts)) if (!OWN.has(key)) put(key, value);
  return search;
}

/** The view that `search` describes; parts that make no sense are left at their default. */
export function readView(search: Readonly<Record<string, unknown>>): WorkspaceView {
  const text = (key: string) => (search[key] === undefined ? undefined : String(search[key]));
  const list = (key: string) => split(text(key) ?? "").filter(Boolean);
  const one = <T extends string>(key: string, ...known: readonly [T, ...T[]]): T =>
    known.find((value) => value === text(key)) ?? known[0];
  const tree = text("tree");
  return {
    q: text("q") ?? "",
    sort: unique(list("sort"), (term) => term.replace(/^-/, "")).filter((term) => term !== "-"),
    cols: text("cols") === undefined ? null : unique(list("cols")),
    fixed: unique(list("fixed")),
    widths: readWidths(list("widths")),
    differing: text("differing") === "1",
    heat: text("heat") === "1",
    density: one("density", "normal", "compact", "comfortable"),
    group: unique(list("group")),
    aggregate: one("aggregate", "mean", "median", "min", "max"),
    tree: tree === "1" ? true : tree === "0" ? false : null,
    pins: unique(list("pins")),
    hidden: unique(list("hidden")),
    shown: one("shown", "active", "deleted", "all"),
    runs: readSlots(text("runs")),
    groups: readSlots(text("groups")),
    base: text("base") ?? "",
    view: text("view") ?? "",
    pane: one("pane", "both", "runs", "charts"),
    charts: Object.fromEntries(
      Object.entries(search).flatMap(([key, value]) => (OWN.has(key) || value === undefined ? [] : [[key, String(value)]])),
    ),
  };
}

/** A view as the query string that a saved view keeps: in one order, and without saying which saved view it is. */
export function canonical(view: WorkspaceView): string {
  const search = Object.entries(writeView({ ...view, view: "" })).sort(([a], [b]) => (a < b ? -1 : 1));
  return new URLSearchParams(search).toString();
}

function readSlots(text: string | undefined): string[] | null {
  if (text === undefined) return null;
  const slots = split(text).slice(0, MOST_SLOTS);
  const once = slots.map((id, index) => (slots.indexOf(id) === index ? id : ""));
  while (once.at(-1) === "") once.pop();
  return once;
}

function readWidths(items: readonly string[]): Record<string, number> {
  const widths: Record<string, number> = {};
  for (const item of items) {
    const cut = item.lastIndexOf(":");
    const width = Number(item.slice(cut + 1));
    if (cut > 0 && width >= LEAST_WIDTH && width <= MOST_WIDTH) widths[item.slice(0, cut)] = Math.round(width);
  }
  return widths;
}

function unique(items: readonly string[], key = (item: string) => item): string[] {
  return items.filter((item, index) => items.findIndex((other) => key(other) === key(item)) === index);
}

function joined(items: readonly string[]): string {
  return items.map((item) => item.replaceAll("%", "%25").replaceAll(",", "%2C")).join(",");
}

function split(text: string): string[] {
  return text.split(",").map((item) => item.replaceAll("%2C", ",").replaceAll("%25", "%"));
}
