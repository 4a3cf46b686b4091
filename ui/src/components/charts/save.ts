/** Charts as files: their picture with title and legend, their points. */

import type { ChartData } from "../../lib/chartdata";
import { lineTitle, pointRows } from "../../lib/chartdata";
import { chartSvg } from "../../lib/chartsvg";
import type { ChartView } from "../../lib/chartstate";
import { colourVariable } from "../../lib/palette";
import { saveFile } from "../../lib/saving";
import { colours, dashOf, metricsOf } from "./look";

interface Legend {
  readonly name: string;
  readonly colour: string;
  readonly dash: readonly number[];
}

const LINE = 18;
const MARGIN = 12;

/** The chart that is drawn within `card`, with a title above and the names of its lines below. */
export function savePicture(card: Element, title: string, lines: ChartData["lines"] = []): void {
  const drawn = card.querySelector("canvas");
  if (!drawn) return;
  const ratio = drawn.width / Math.max(1, drawn.clientWidth);
  const width = drawn.clientWidth + 2 * MARGIN;
  const legend = legendOf(card, lines);
  const perRow = Math.max(1, Math.floor(drawn.clientWidth / 200));
  const rows = Math.ceil(legend.length / perRow);
  const height = drawn.clientHeight + 32 + rows * LINE + 2 * MARGIN;
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width * ratio, height * ratio];
  const ctx = canvas.getContext("2d");
  if (!ctx) return;
  const colour = colours(card);
  ctx.scale(ratio, ratio);
  ctx.fillStyle = colour("--bg");
  ctx.fillRect(0, 0, width, height);
  ctx.fillStyle = colour("--text");
  ctx.textBaseline = "middle";
  const family = getComputedStyle(card).fontFamily;
  ctx.font = `600 13px ${family}`;
  ctx.fillText(title, MARGIN, MARGIN + 10, drawn.clientWidth);
  ctx.drawImage(drawn, MARGIN, MARGIN + 28, drawn.clientWidth, drawn.clientHeight);
  ctx.font = `12px ${family}`;
  legend.forEach(({ name, colour: stroke, dash }, index) => {
    const x = MARGIN + (index % perRow) * 200;
    const y = MARGIN + 40 + drawn.clientHeight + Math.floor(index / perRow) * LINE;
    ctx.strokeStyle = stroke;
    ctx.lineWidth = 3;
    ctx.setLineDash([...dash]);
    ctx.beginPath();
    ctx.moveTo(x, y);
    ctx.lineTo(x + 16, y);
    ctx.stroke();
    ctx.fillStyle = colour("--text2");
    ctx.fillText(name, x + 22, y, 172);
  });
  canvas.toBlob((blob) => blob && saveFile(blob, `${fileName(title)}.png`), "image/png");
}

/** The lines as a drawing that can be scaled. */
export function saveDrawing(card: Element, title: string, data: ChartData, view: ChartView): void {
  const colour = colours(card);
  const metrics = metricsOf(data.lines);
  const text = chartSvg(data, view, {
    title,
    strokes: data.lines.map((line) => ({ colour: colour(colourVariable(line.slot)), dash: dashOf(line, metrics) })),
    ground: colour("--bg"),
    rule: colour("--border"),
    ink: colour("--text2"),
  });
  saveFile(new Blob([text], { type: "image/svg+xml" }), `${fileName(title)}.svg`);
}

export function savePoints(title: string, data: ChartData, view: ChartView): void {
  saveRows(title, pointRows(data, view.x === "metric" ? view.xKey : view.x));
}

/** Rows as a file of values between commas. */
export function saveRows(title: string, rows: readonly (readonly (string | number | null)[])[]): void {
  const cell = (value: string | number | null) => {
    const text = String(value ?? "");
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const text = rows.map((row) => row.map(cell).join(",")).join("\r\n");
  saveFile(new Blob([`${text}\r\n`], { type: "text/csv" }), `${fileName(title)}.csv`);
}

function fileName(title: string): string {
  return title.replace(/[^\w.-]+/g, "-").replace(/^-+|-+$/g, "") || "chart";
}

function legendOf(card: Element, lines: ChartData["lines"]): Legend[] {
  const colour = colours(card);
  const metrics = metricsOf(lines);
  return lines.map((line) => ({
    name: lineTitle(line, lines),
    colour: colour(colourVariable(line.slot)),
    dash: dashOf(line, metrics),
  }));
}
