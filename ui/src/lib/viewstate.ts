/** The workspace's view as search parameters, and back. What is at its default is left out. */

export type XAxis = "step" | "relative" | "time";

export interface WorkspaceView {
  /** The filter, in the search grammar. */
  q: string;
  /** A column to sort by, with "-" before it for descending; "" is newest first. */
  sort: string;
  /** Columns that were chosen; null lets the data decide. */
  cols: string[] | null;
  /** Drawn runs by colour slot, "" for a free slot; null draws the first ones. */
  runs: string[] | null;
  x: XAxis;
  /** Weight of the past in the moving average, 0 to 0.99. */
  smooth: number;
  log: boolean;
}

export const DEFAULT_VIEW: WorkspaceView = {
  q: "",
  sort: "",
  cols: null,
  runs: null,
  x: "step",
  smooth: 0,
  log: false,
};

/** The search parameters of `view`. Lists are joined by commas; a comma inside a key is written as %2C. */
export function encodeView(view: WorkspaceView): Record<string, string> {
  const search: Record<string, string> = {};
  if (view.q) search.q = view.q;
  if (view.sort) search.sort = view.sort;
  if (view.cols) search.cols = view.cols.map(escapeComma).join(",");
  if (view.runs) search.runs = view.runs.join(",");
  if (view.x !== "step") search.x = view.x;
  if (view.smooth > 0) search.smooth = String(view.smooth);
  if (view.log) search.log = "1";
  return search;
}

/** The view that `search` describes; parts that make no sense are left at their default. */
export function decodeView(search: Record<string, unknown>): WorkspaceView {
  const text = (key: string) => (search[key] === undefined ? undefined : String(search[key]));
  const x = text("x");
  const smooth = Number(text("smooth") ?? 0);
  return {
    q: text("q") ?? "",
    sort: text("sort") ?? "",
    cols: text("cols")?.split(",").filter(Boolean).map(unescapeComma) ?? null,
    runs: text("runs") === undefined ? null : readSlots(text("runs")!),
    x: x === "relative" || x === "time" ? x : "step",
    smooth: smooth > 0 && smooth < 1 ? Math.min(0.99, smooth) : 0,
    log: text("log") === "1",
  };
}

function readSlots(text: string): string[] {
  const slots = text.split(",").slice(0, 20);
  while (slots.at(-1) === "") slots.pop();
  return slots.map((id, index) => (slots.indexOf(id) === index ? id : ""));
}

function escapeComma(key: string): string {
  return key.replaceAll("%", "%25").replaceAll(",", "%2C");
}

function unescapeComma(key: string): string {
  return key.replaceAll("%2C", ",").replaceAll("%25", "%");
}
