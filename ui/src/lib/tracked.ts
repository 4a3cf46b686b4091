/** Data that the repository tracks: words for it, the order of lists, which of its versions a page shows and compares. */

import type { DataDiff, DataVersion, FileChange, Tracked } from "../api/repository";
import type { CodeWays } from "../components/codeways";
import { python, shell } from "./begin";
import { stateMark, type Tone } from "./graph";

/** How a path stands against what is tracked, as word, colour and icon. */
export function pathMark(state: string): NonNullable<ReturnType<typeof stateMark>> {
  return stateMark(state || "unchanged")!;
}

const KINDS: Record<string, string> = {
  data: "Data",
  output: "Output",
  metric: "Metrics",
  plot: "Plot",
  import: "Import",
};

export function kindWord(kind: string): string {
  return KINDS[kind] ?? kind;
}

/** What makes a path: a stage by its address, or a pointer file. */
export function makerOf(source: string): { stage: string } | { file: string } {
  const cut = source.lastIndexOf("dvc.yaml:");
  if (cut < 0) return { file: source };
  return { stage: cut === 0 ? source.slice("dvc.yaml:".length) : source };
}

export type TrackedColumn = "path" | "kind" | "state" | "size" | "files" | "source" | "runs";

const ORDER: Record<TrackedColumn, (item: Tracked) => number | string> = {
  path: (item) => item.path,
  kind: (item) => kindWord(item.kind),
  // What asks for something to be done comes first.
  state: (item) => ["modified", "new", "deleted", "not in cache", ""].indexOf(item.state),
  size: (item) => item.size ?? -1,
  files: (item) => item.files ?? -1,
  source: (item) => item.source,
  runs: (item) => item.runs,
};

export interface TrackedFilter {
  q?: string;
  kind?: string;
  state?: string;
  sort?: string;
}

/** What the filter leaves, in its order: `size` ascending, `-size` descending; by path without one. */
export function trackedRows(all: readonly Tracked[], { q = "", kind = "", state = "", sort = "path" }: TrackedFilter): Tracked[] {
  const wanted = q.trim().toLowerCase();
  const found = all.filter(
    (item) =>
      (!kind || item.kind === kind) &&
      (!state || (item.state || "unchanged") === state) &&
      [item.path, item.source, item.desc, item.type, ...item.labels].some((text) => text.toLowerCase().includes(wanted)),
  );
  const descending = sort.startsWith("-");
  const column = sort.replace(/^-/, "");
  const value = ORDER[column in ORDER ? (column as TrackedColumn) : "path"];
  return found.sort((a, b) => (descending ? -1 : 1) * compared(value(a), value(b)) || compared(a.path, b.path));
}

export function compared(a: number | string, b: number | string): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return String(a).localeCompare(String(b), "en", { numeric: true });
}

/** The working tree among versions: what lies there is another content than the newest that was saved. */
export const WORKING = "working";

/** The versions to choose from, by their commit; the working tree before them where it holds something else. */
export function choices(versions: readonly DataVersion[], state: string): string[] {
  const saved = versions.map((version) => version.revision);
  return state === "modified" || state === "new" || state === "deleted" ? [WORKING, ...saved] : saved;
}

/** What a page shows: the chosen version, else the newest that was saved; and the one it is compared with, else the one before. */
export function shownPair(options: readonly string[], rev: string | undefined, against: string | undefined): { rev: string; against: string } {
  const chosen = rev !== undefined && options.includes(rev) ? rev : (options.find((one) => one !== WORKING) ?? options[0] ?? "");
  const older = options[options.indexOf(chosen) + 1] ?? "";
  const wanted = against !== undefined && options.includes(against) && against !== chosen ? against : older;
  return { rev: chosen, against: wanted };
}

/** A choice as the server takes it: "" is the working tree. */
export function asked(choice: string): string {
  return choice === WORKING ? "" : choice;
}

/** By how many bytes each version is larger than the one before it; null where that is not known. */
export function growth(versions: readonly DataVersion[]): (number | null)[] {
  return versions.map((version, at) => {
    const before = versions[at + 1];
    if (version.size === null || !before || before.size === null) return null;
    return version.size - before.size;
  });
}

export type ChangeKind = "added" | "deleted" | "modified" | "renamed";

export interface ChangeLine extends FileChange {
  kind: ChangeKind;
}

export const CHANGE_MARKS: Record<ChangeKind, { word: string; sign: string; tone: Tone }> = {
  added: { word: "added", sign: "+", tone: "ok" },
  modified: { word: "modified", sign: "~", tone: "warn" },
  renamed: { word: "renamed", sign: "→", tone: "info" },
  deleted: { word: "deleted", sign: "−", tone: "err" },
};

/** All changes in the order of their paths. */
export function changeLines(diff: DataDiff): ChangeLine[] {
  const kinds = Object.keys(CHANGE_MARKS) as ChangeKind[];
  return kinds.flatMap((kind) => diff[kind].map((change) => ({ ...change, kind }))).sort((a, b) => compared(a.path, b.path));
}

/** How many bytes more there are after the changes; null where a size is not known. */
export function sizeChange(diff: DataDiff): number | null {
  let sum = 0;
  for (const { kind, size_before, size_after } of changeLines(diff)) {
    if (kind === "renamed") continue;
    if (kind !== "added" && size_before === null) return null;
    if (kind !== "deleted" && size_after === null) return null;
    sum += (size_after ?? 0) - (size_before ?? 0);
  }
  return sum;
}

/** A path as it is within what is tracked; "" for that itself. */
export function within(tracked: string, path: string): string {
  return path === tracked ? "" : path.startsWith(`${tracked}/`) ? path.slice(tracked.length + 1) : path;
}

const SCHEME = "tracked:";

/** Files of what is tracked, as of a commit, under an address that lists and previews take like that of a run. */
export interface TrackedPlace {
  path: string;
  /** "" for what the pointers and lock files of the working tree say. */
  rev: string;
  isDir: boolean;
}

export function trackedUri({ path, rev, isDir }: TrackedPlace): string {
  return `${SCHEME}?${new URLSearchParams({ path, rev, kind: isDir ? "folder" : "file" })}`;
}

export function trackedAt(uri: string): TrackedPlace | null {
  if (!uri.startsWith(`${SCHEME}?`)) return null;
  const said = new URLSearchParams(uri.slice(SCHEME.length + 1));
  return { path: said.get("path") ?? "", rev: said.get("rev") ?? "", isDir: said.get("kind") === "folder" };
}

/** What a place is called in the line above a file of it, and how to get the file. */
export function namesOf({ path, rev, isDir }: TrackedPlace, under: string): { root: string; ways: CodeWays } {
  const whole = isDir && under ? `${path}/${under}` : path;
  const folder = path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "";
  return { root: isDir ? path : folder || "/", ways: getWays({ path: whole, is_dir: false }, rev.slice(0, 7)) };
}

/** How to have a version in one's own working tree, and in a program; `rev` is short, or "" for the newest. */
export function getWays({ path, is_dir }: Pick<Tracked, "path" | "is_dir">, rev: string): CodeWays {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const at = rev ? `, rev=${python(rev)}` : "";
  const code = is_dir
    ? `folder = treering.data.get(${python(path)}, ${python(name)}${at})`
    : `with treering.open(${python(path)}${at}) as file:\n    text = file.read()`;
  const beside = `treering data get . ${shell(path)} --rev ${rev} --out ${shell(rev ? `${rev}-${name}` : name)}`;
  return {
    cli: rev ? `# beside your own files\n${beside}` : `treering data pull ${shell(path)}`,
    python: `import treering\n\n${code}`,
  };
}
