/** Figures of plotly. */

import Plotly from "plotly.js-cartesian-dist-min";
import { isObject } from "../lib/tables";
import type { Look } from "./main";

/** Traces that are drawn by a kind that is here and looks the same. */
const ALIKE: Record<string, string> = { scattergl: "scatter", heatmapgl: "heatmap" };
const HEIGHT = 480;

export async function drawPlotly(box: HTMLElement, spec: unknown, look: Look): Promise<void> {
  if (!isObject(spec) || !Array.isArray(spec.data)) throw new Error("It has no list of traces.");
  const data = spec.data.filter(isObject).map((trace) => ({ ...trace, type: kindOf(trace) }));
  const known = Object.keys(Plotly.PlotSchema.get().traces);
  const strange = [...new Set(data.map((trace) => trace.type))].filter((kind) => !known.includes(kind));
  if (strange.length > 0) throw new Error(`traces of kind ${strange.join(", ")} are not drawn here. Download the file.`);
  const layout = isObject(spec.layout) ? spec.layout : {};
  const own = layout.paper_bgcolor !== undefined || isTemplated(layout);
  const around = own ? {} : { paper_bgcolor: look.background, plot_bgcolor: look.background, font: { color: look.text }, ...axes(look) };
  const height = typeof layout.height === "number" ? layout.height : HEIGHT;
  // Pictures from elsewhere would not be fetched; without them there is no gap.
  const shown = { ...around, ...layout, ...merged(around, layout), height, width: undefined, autosize: true, images: undefined };
  await Plotly.newPlot(box, data, shown, { responsive: true, displaylogo: false, showSendToCloud: false, showEditInChartStudio: false });
}

function kindOf(trace: Record<string, unknown>): string {
  const kind = typeof trace.type === "string" ? trace.type : "scatter";
  return ALIKE[kind] ?? kind;
}

/** Whether the figure brings colours for its ground, as those of plotly for Python do. */
function isTemplated(layout: Record<string, unknown>): boolean {
  const template = layout.template;
  return isObject(template) && isObject(template.layout) && template.layout.paper_bgcolor !== undefined;
}

function axes(look: Look): Record<string, object> {
  const lines = { gridcolor: look.border, zerolinecolor: look.border, linecolor: look.border };
  return { xaxis: { ...lines, automargin: true }, yaxis: { ...lines, automargin: true } };
}

/** Of what both say something about, what the figure says stands before what the page would have. */
function merged(around: Record<string, unknown>, layout: Record<string, unknown>): Record<string, unknown> {
  const both = Object.keys(around).filter((key) => isObject(around[key]) && isObject(layout[key]));
  return Object.fromEntries(both.map((key) => [key, { ...(around[key] as object), ...(layout[key] as object) }]));
}
