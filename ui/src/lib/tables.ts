/** Tables of any origin: what a column holds, how a cell is written, and rows by order and filter. */

export type ColumnType = "number" | "text" | "boolean" | "time" | "list" | "picture";

export interface Column {
  name: string;
  type: ColumnType;
  /** What the file itself says, such as INT64; "" where it says nothing. */
  said: string;
}

export interface Table {
  columns: Column[];
  rows: unknown[][];
}

export interface Order {
  column: number;
  descending: boolean;
}

/** How many rows tell what a column holds. */
const LOOKED_AT = 500;
const NUMBER = /^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$|^\s*(nan|[+-]?inf(inity)?)\s*$/i;
const TIME = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/;

/** A table of texts, the first row of which names the columns. */
export function tableOfTexts(rows: readonly string[][]): Table {
  const [head = [], ...body] = rows;
  const width = Math.max(head.length, ...body.slice(0, LOOKED_AT).map((row) => row.length), 0);
  const columns = Array.from({ length: width }, (_, at) => ({
    name: head[at] ?? "",
    type: typeOfTexts(body, at),
    said: "",
  }));
  return { columns, rows: body.filter((row) => row.length > 1 || row[0] !== "" || width === 1) };
}

/** A table of values as JSON or Parquet has them. */
export function tableOfValues(names: readonly string[], rows: unknown[][], said: readonly string[] = []): Table {
  return { columns: names.map((name, at) => ({ name, type: typeOfValues(rows, at), said: said[at] ?? "" })), rows };
}

/** A table of objects, one a row; columns in the order in which they first appear. */
export function tableOfObjects(items: readonly unknown[]): Table {
  const names: string[] = [];
  const seen = new Set<string>();
  for (const item of items) {
    for (const key of isObject(item) ? Object.keys(item) : ["value"]) {
      if (!seen.has(key)) {
        seen.add(key);
        names.push(key);
      }
    }
  }
  const rows = items.map((item) => names.map((name) => (isObject(item) ? item[name] : name === "value" ? item : undefined)));
  return tableOfValues(names, rows);
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/** A cell as text: the same that is shown, filtered and copied. */
export function cellText(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "string") return value;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "" : value.toISOString().replace("T", " ").replace(/\.000Z$/, "");
  if (typeof value !== "object") return String(value);
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    const numbers = value as unknown as ArrayLike<number>;
    return `[${Array.from({ length: Math.min(50, numbers.length) }, (_, at) => String(numbers[at])).join(", ")}${numbers.length > 50 ? ", …" : ""}]`;
  }
  try {
    return JSON.stringify(value, (_, inner: unknown) => (typeof inner === "bigint" ? String(inner) : inner));
  } catch {
    return "…"; // Deeper than can be written.
  }
}

/** Places of the rows that hold the text somewhere, in the order asked for; what is missing comes last. */
export function arrangeRows(table: Table, order: Order | null, text: string): number[] {
  const wanted = text.trim().toLowerCase();
  const places: number[] = [];
  table.rows.forEach((row, at) => {
    if (!wanted || row.some((cell) => cellText(cell).toLowerCase().includes(wanted))) places.push(at);
  });
  const column = order && table.columns[order.column];
  if (!order || !column) return places;
  const keys = table.rows.map((row) => sortKey(row[order.column], column.type));
  const sign = order.descending ? -1 : 1;
  return places.sort((a, b) => {
    const [left, right] = [keys[a]!, keys[b]!];
    if (left === null || right === null) return left === right ? a - b : left === null ? 1 : -1;
    if (left === right) return a - b;
    return (left < right ? -1 : 1) * sign;
  });
}

function sortKey(value: unknown, type: ColumnType): number | string | null {
  if (value === null || value === undefined || value === "") return null;
  if (type === "number") {
    const number = Number(value);
    return Number.isNaN(number) ? null : number;
  }
  if (value instanceof Date) return value.getTime();
  if (typeof value === "boolean") return Number(value);
  return cellText(value).toLowerCase();
}

function typeOfTexts(rows: readonly string[][], at: number): ColumnType {
  const values = rows.slice(0, LOOKED_AT).flatMap((row) => (row[at] === undefined || row[at].trim() === "" ? [] : [row[at].trim()]));
  if (values.length === 0) return "text";
  if (values.every((value) => NUMBER.test(value))) return "number";
  if (values.every((value) => /^(true|false)$/i.test(value))) return "boolean";
  return values.every((value) => TIME.test(value)) ? "time" : "text";
}

function typeOfValues(rows: readonly unknown[][], at: number): ColumnType {
  const values = rows.slice(0, LOOKED_AT).flatMap((row) => (row[at] === null || row[at] === undefined ? [] : [row[at]]));
  if (values.length === 0) return "text";
  if (values.every((value) => typeof value === "number" || typeof value === "bigint")) return "number";
  if (values.every((value) => typeof value === "boolean")) return "boolean";
  if (values.every((value) => value instanceof Date)) return "time";
  if (values.every((value) => isObject(value) && value.type === "image" && typeof value.filepath === "string")) return "picture";
  return values.every((value) => typeof value === "object") ? "list" : "text";
}
