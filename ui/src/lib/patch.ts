/** Patches in git's format: taken apart by file, and compared with each other. */

export interface FilePatch {
  path: string;
  /** The patch of this file, with its head. */
  text: string;
  added: number;
  removed: number;
}

/** The files of a patch, in its order. */
export function filesOf(patch: string): FilePatch[] {
  return patch
    .split(/^(?=diff --git )/m)
    .filter((part) => part.startsWith("diff --git "))
    .map((text) => {
      const lines = text.split("\n");
      const body = lines.slice(Math.max(0, lines.findIndex((line) => line.startsWith("@@"))));
      return {
        path: pathOf(lines[0]!),
        text,
        added: body.filter((line) => line.startsWith("+")).length,
        removed: body.filter((line) => line.startsWith("-")).length,
      };
    });
}

export type Standing = "same" | "differs" | "only base" | "only other";

export interface PatchPair {
  path: string;
  standing: Standing;
  base: FilePatch | null;
  other: FilePatch | null;
}

/** The files that either patch changes; the two are of the same commit. Files that differ come first. */
export function pairs(base: string, other: string): PatchPair[] {
  const left = new Map(filesOf(base).map((file) => [file.path, file]));
  const right = new Map(filesOf(other).map((file) => [file.path, file]));
  const paths = [...new Set([...left.keys(), ...right.keys()])];
  const found = paths.map((path): PatchPair => {
    const mine = left.get(path) ?? null;
    const theirs = right.get(path) ?? null;
    const standing = !theirs ? "only base" : !mine ? "only other" : mine.text === theirs.text ? "same" : "differs";
    return { path, standing, base: mine, other: theirs };
  });
  return found.sort((a, b) => Number(a.standing === "same") - Number(b.standing === "same"));
}

/** The page of a forge that shows what changed between two commits; "" where the address is of none that is known. */
export function comparePage(remote: string, base: string, other: string): string {
  const match = /^(?:https?:\/\/|(?:ssh:\/\/)?git@)([\w.-]+)[/:](.+?)(?:\.git)?\/?$/.exec(remote);
  if (!match || !base || !other) return "";
  const [, host, path] = match as unknown as [string, string, string];
  if (/(^|\.)github\./.test(host)) return `https://${host}/${path}/compare/${base}...${other}`;
  if (/(^|\.)gitlab\./.test(host)) return `https://${host}/${path}/-/compare/${base}...${other}`;
  return /(^|\.)bitbucket\.org$/.test(host) ? `https://${host}/${path}/branches/compare/${other}..${base}` : "";
}

function pathOf(head: string): string {
  const quoted = / "b\/(.*)"$/.exec(head);
  if (quoted) return quoted[1]!;
  // Both names are the same, since renames are not looked for.
  const names = head.slice("diff --git a/".length);
  return names.slice(0, (names.length - " b/".length) / 2);
}
