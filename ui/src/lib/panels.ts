/**
 * Panels that a user adds beside the lines, and how they are written in an address: `history:min.val/loss:way-min`, one
 * after another with blanks between. A field is `params.<key>`, `metrics.<key>` (the last value), `min.<key>`,
 * `max.<key>`, `tags.<key>` or `attributes.<name>`.
 */

export type PanelKind = "lines" | "bars" | "scatter" | "parallel" | "contour" | "importance" | "box" | "history";

export interface Panel {
  readonly kind: PanelKind;
  readonly fields: readonly string[];
  readonly options: Readonly<Record<string, string>>;
}

/** What a field of a panel may be: a metric with all its points, one figure of a metric, or whatever a run has. */
export type FieldUse = "series" | "metric" | "any";

export interface FieldPlace {
  readonly label: string;
  readonly use: FieldUse;
  readonly optional?: boolean;
}

export interface PanelForm {
  readonly title: string;
  readonly what: string;
  /** Fields that stand in a certain place. */
  readonly places: readonly FieldPlace[];
  /** Further fields, as many as wanted, behind them. */
  readonly more?: { readonly label: string; readonly use: FieldUse; readonly least: number; readonly most: number };
}

export const PANEL_FORMS: Record<PanelKind, PanelForm> = {
  lines: {
    title: "Lines",
    what: "Several metrics in one chart.",
    places: [],
    more: { label: "Metrics", use: "series", least: 1, most: 6 },
  },
  bars: { title: "Bars", what: "One figure of a metric for each run.", places: [{ label: "Metric", use: "metric" }] },
  scatter: {
    title: "Scatter",
    what: "Two fields against each other, a third as colour.",
    places: [
      { label: "Across", use: "any" },
      { label: "Up", use: "any" },
      { label: "Colour", use: "any", optional: true },
    ],
  },
  parallel: {
    title: "Parallel coordinates",
    what: "Each run a line through params and metrics; the last axis gives the colour.",
    places: [],
    more: { label: "Axes", use: "any", least: 2, most: 12 },
  },
  contour: {
    title: "Contour",
    what: "A metric over two params.",
    places: [
      { label: "Across", use: "any" },
      { label: "Up", use: "any" },
      { label: "Metric", use: "metric" },
    ],
  },
  importance: {
    title: "Importance of params",
    what: "Which params a metric depends on, and which way.",
    places: [{ label: "Metric", use: "metric" }],
  },
  box: {
    title: "Box plots",
    what: "How a metric is spread for each value of a param.",
    places: [
      { label: "Metric", use: "metric" },
      { label: "By", use: "any" },
    ],
  },
  history: {
    title: "Best so far",
    what: "A metric of one run after another, with the best up to each.",
    places: [{ label: "Metric", use: "metric" }],
  },
};

const SCOPES = new Set(["metrics", "min", "max", "params", "tags", "attributes"]);

/** The panels as text; "" for none. */
export function encodePanels(panels: readonly Panel[]): string {
  return panels
    .map(({ kind, fields, options }) =>
      [kind, fields.map(escape).join(","), ...Object.entries(options).map(([name, value]) => `${name}-${escape(value)}`)].join(
        ":",
      ),
    )
    .join(" ");
}

/** The panels that `text` describes; what cannot be understood is left out. */
export function decodePanels(text: string): Panel[] {
  return text.split(/\s+/).flatMap((part) => {
    const [kind = "", fields = "", ...options] = part.split(":");
    if (!(kind in PANEL_FORMS)) return [];
    const panel: Panel = {
      kind: kind as PanelKind,
      fields: fields.split(",").filter(Boolean).map(unescape),
      options: Object.fromEntries(
        options.flatMap((option) => {
          const [, name, value] = /^([a-z]+)-(.*)$/.exec(option) ?? [];
          return name === undefined || value === undefined ? [] : [[name, unescape(value)]];
        }),
      ),
    };
    return isComplete(panel) ? [panel] : [];
  });
}

/** Whether every field that its form asks for is there, and is a field. */
export function isComplete({ kind, fields }: Panel): boolean {
  const { places, more } = PANEL_FORMS[kind];
  const least = places.filter((place) => !place.optional).length + (more?.least ?? 0);
  const most = places.length + (more?.most ?? 0);
  return fields.length >= least && fields.length <= most && fields.every((field) => partsOf(field) !== null);
}

/** What a field is of, and its key. */
export function partsOf(field: string): { scope: string; key: string } | null {
  const dot = field.indexOf(".");
  const scope = field.slice(0, dot);
  const key = field.slice(dot + 1);
  return SCOPES.has(scope) && key !== "" ? { scope, key } : null;
}

/** A field as people read it. */
export function fieldTitle(field: string): string {
  const parts = partsOf(field);
  if (!parts) return field;
  return parts.scope === "min" || parts.scope === "max" ? `${parts.key} (${parts.scope})` : parts.key;
}

/** A field in the search grammar, as columns and filters have it. */
export function fieldTerm(field: string): string {
  const parts = partsOf(field);
  if (!parts) return field;
  const { scope, key } = parts;
  if (scope === "attributes") return `attributes.${key}`;
  const quoted = key.includes("`") ? `"${key}"` : `\`${key}\``;
  return scope === "min" || scope === "max" ? `metrics.${quoted}.${scope}` : `${scope}.${quoted}`;
}

export function panelTitle({ kind, fields }: Panel): string {
  const titles = fields.map(fieldTitle);
  switch (kind) {
    case "lines":
      return titles.join(", ");
    case "bars":
      return titles[0]!;
    case "scatter":
      return `${titles[1]!} over ${titles[0]!}`;
    case "parallel":
      return titles.length > 4 ? `${titles.slice(0, 3).join(", ")} and ${titles.length - 3} more` : titles.join(", ");
    case "contour":
      return `${titles[2]!} over ${titles[0]!} and ${titles[1]!}`;
    case "importance":
      return `What ${titles[0]!} depends on`;
    case "box":
      return `${titles[0]!} by ${titles[1]!}`;
    case "history":
      return `${titles[0]!}, best so far`;
  }
}

/** An option that lists numbers, such as the axes that are logarithmic. */
export function numbersOf(panel: Panel, option: string): ReadonlySet<number> {
  return new Set((panel.options[option] ?? "").split(".").filter(Boolean).map(Number));
}

/** The panel with an option set; "" removes it. */
export function withOption(panel: Panel, name: string, value: string | Iterable<number>): Panel {
  const text = typeof value === "string" ? value : [...value].sort((a, b) => a - b).join(".");
  const others = Object.entries(panel.options).filter(([other]) => other !== name);
  return { ...panel, options: Object.fromEntries(text === "" ? others : [...others, [name, text]]) };
}

function escape(text: string): string {
  return text.replace(/[%,:\s]/g, (char) => encodeURIComponent(char));
}

function unescape(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
