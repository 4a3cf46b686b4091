/** What a recorded dataset says of itself: its columns, its size, and how two of its versions differ. */

export interface Column {
  name: string;
  type: string;
}

export interface Size {
  rows: number | null;
  columns: number | null;
  bytes: number | null;
}

type Json = Record<string, unknown>;

/** The columns or tensors of a schema; none where it says nothing that can be understood. */
export function columnsOf(schema: string): Column[] {
  const said = object(parsed(schema));
  if (!said) return [];
  const table = unwrapped(said.mlflow_colspec);
  if (Array.isArray(table)) return table.map((part, place) => column(part, `column ${place + 1}`));
  const tensors = object(said.mlflow_tensorspec);
  if (!tensors) return [];
  return Object.entries(tensors).flatMap(([name, spec]) => tensorColumns(name, unwrapped(spec)));
}

function tensorColumns(name: string, spec: unknown): Column[] {
  const parts = Array.isArray(spec) ? spec : object(spec) ? Object.values(spec as Json) : [];
  return parts.map((part) => {
    const found = column(part, name);
    return found.name === name ? found : { ...found, name: `${name}.${found.name}` };
  });
}

function column(part: unknown, fallback: string): Column {
  const said = object(part) ?? {};
  const name = typeof said.name === "string" && said.name ? said.name : fallback;
  return { name, type: typeName(said) + (said.required === false ? ", optional" : "") };
}

function typeName(said: Json): string {
  const tensor = object(said["tensor-spec"]);
  if (tensor) return `${String(tensor.dtype)} ${JSON.stringify(tensor.shape ?? []).replaceAll(",", ", ")}`;
  const items = object(said.items);
  if (said.type === "array" && items) return `array of ${typeName(items)}`;
  return typeof said.type === "string" ? said.type : "unknown";
}

/** How large a profile says that the data are. */
export function sizeOf(profile: string): Size {
  const said = object(parsed(profile)) ?? {};
  const rows = number(said.num_rows) ?? number(said.approx_count) ?? leading(said.features_shape);
  const elements = number(said.num_elements);
  const bytes = [said.features_nbytes, said.targets_nbytes].map(total).filter((one) => one !== null);
  return {
    rows,
    columns: rows && elements !== null && elements % rows === 0 ? elements / rows : null,
    bytes: bytes.length > 0 ? bytes.reduce((sum, one) => sum + one, 0) : null,
  };
}

/** What a profile says, flat: a name and a value for each line. */
export function profileLines(profile: string): [string, string][] {
  const said = object(parsed(profile));
  return said ? Object.entries(said).filter(([, value]) => value !== null).map(([key, value]) => [key, text(value)]) : [];
}

/** Where a dataset's source says that it lies; the source as it stands where it says that otherwise. */
export function placeOf(source: string): string {
  const said = object(parsed(source));
  if (!said) return source;
  for (const key of ["uri", "url", "path", "delta_table_name", "tags"]) {
    const value = said[key];
    if (typeof value === "string" && value) return value;
    const file = key === "tags" ? object(value)?.["mlflow.source.name"] : undefined;
    if (typeof file === "string" && file) return file;
  }
  return source === "{}" ? "" : source;
}

export interface Change {
  name: string;
  before: string | null;
  after: string | null;
}

/** Names that are new, gone, or have another value, in the order of `after`, those that are gone last. */
export function changes(before: readonly [string, string][], after: readonly [string, string][]): Change[] {
  const old = new Map(before);
  const now = new Map(after);
  const found: Change[] = [];
  for (const [name, value] of now) {
    const known = old.get(name) ?? null;
    if (known !== value) found.push({ name, before: known, after: value });
  }
  for (const [name, value] of old) if (!now.has(name)) found.push({ name, before: value, after: null });
  return found;
}

export function columnPairs(schema: string): [string, string][] {
  return columnsOf(schema).map(({ name, type }) => [name, type]);
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}

/** MLflow writes some parts of a schema as JSON inside JSON. */
function unwrapped(value: unknown): unknown {
  return typeof value === "string" ? parsed(value) : value;
}

function object(value: unknown): Json | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : null;
}

function number(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** The first number of a shape, also where there is one for each of several features. */
function leading(shape: unknown): number | null {
  if (Array.isArray(shape)) return number(shape[0]);
  const parts = object(shape);
  return parts ? leading(Object.values(parts)[0]) : null;
}

function total(value: unknown): number | null {
  const parts = object(value);
  if (!parts) return number(value);
  const numbers = Object.values(parts).map(number).filter((one) => one !== null);
  return numbers.length > 0 ? numbers.reduce((sum, one) => sum + one, 0) : null;
}

function text(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
