/** Files of one or more roots as the lines of a tree: only what is unfolded, or what a search finds. */

import { nameOf } from "./previews";

export interface TreeFile {
  path: string;
  is_dir: boolean;
  size: number | null;
}

export interface TreeRoot {
  id: string;
  label: string;
}

/** What is known of a folder: its files, or that they are still awaited, or why they are not there. */
export type Listing = { files: readonly TreeFile[] } | { failed: string } | "awaited";

export interface TreeLine {
  key: string;
  root: string;
  path: string;
  label: string;
  depth: number;
  kind: "root" | "folder" | "file" | "note";
  open: boolean;
  size: number | null;
}

/** How many files of a folder are listed at once. */
export const AT_ONCE = 500;

export function folderKey(root: string, path: string): string {
  return `${root}:${path}`;
}

/** Folders first, then by name, numbers in it by their value. */
export function sorted(files: readonly TreeFile[]): TreeFile[] {
  return [...files].sort(
    (a, b) => Number(b.is_dir) - Number(a.is_dir) || a.path.localeCompare(b.path, "en", { numeric: true }),
  );
}

export function treeLines(
  roots: readonly TreeRoot[],
  listings: ReadonlyMap<string, Listing>,
  open: ReadonlySet<string>,
  most: ReadonlyMap<string, number>,
  search: string,
): TreeLine[] {
  const lines: TreeLine[] = [];
  const wanted = search.trim().toLowerCase();
  for (const root of roots) {
    const several = roots.length > 1;
    const key = folderKey(root.id, "");
    const unfolded = open.has(key);
    if (several) lines.push({ key, root: root.id, path: "", label: root.label, depth: 0, kind: "root", open: unfolded, size: null });
    if (wanted) found(lines, root.id, listings, wanted, several ? 1 : 0);
    else if (!several || unfolded) folder(lines, root.id, "", several ? 1 : 0, listings, open, most);
  }
  return lines;
}

function folder(
  lines: TreeLine[],
  root: string,
  path: string,
  depth: number,
  listings: ReadonlyMap<string, Listing>,
  open: ReadonlySet<string>,
  most: ReadonlyMap<string, number>,
): void {
  const key = folderKey(root, path);
  const note = (label: string) =>
    lines.push({ key: `${key}?`, root, path, label, depth, kind: "note", open: false, size: null });
  const listing = listings.get(key) ?? "awaited";
  if (listing === "awaited") return void note("Loading …");
  if ("failed" in listing) return void note(listing.failed);
  if (listing.files.length === 0) return void note(path === "" ? "No files were logged." : "Empty");
  const shown = most.get(key) ?? AT_ONCE;
  for (const file of sorted(listing.files).slice(0, shown)) {
    const own = folderKey(root, file.path);
    const unfolded = file.is_dir && open.has(own);
    lines.push({
      key: own,
      root,
      path: file.path,
      label: nameOf(file.path),
      depth,
      kind: file.is_dir ? "folder" : "file",
      open: unfolded,
      size: file.size,
    });
    if (unfolded) folder(lines, root, file.path, depth + 1, listings, open, most);
  }
  if (listing.files.length > shown) note(`${(listing.files.length - shown).toLocaleString("en")} more`);
}

/** Files in the folders that were looked into whose path holds the text. */
function found(lines: TreeLine[], root: string, listings: ReadonlyMap<string, Listing>, wanted: string, depth: number): void {
  const seen = new Set<string>();
  for (const [key, listing] of listings) {
    if (!key.startsWith(`${root}:`) || listing === "awaited" || "failed" in listing) continue;
    for (const file of listing.files) {
      if (seen.has(file.path) || seen.size >= AT_ONCE || !file.path.toLowerCase().includes(wanted)) continue;
      seen.add(file.path);
      const kind = file.is_dir ? "folder" : "file";
      lines.push({ key: folderKey(root, file.path), root, path: file.path, label: file.path, depth, kind, open: false, size: file.size });
    }
  }
  if (seen.size === 0) {
    lines.push({ key: `${root}?`, root, path: "", label: "Nothing of this name in the folders that were opened.", depth, kind: "note", open: false, size: null });
  }
}
