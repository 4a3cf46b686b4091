/** Several things with keys and texts, laid side by side. */

export interface SideRow {
  key: string;
  /** One for each thing; null where it has no such key. */
  values: (string | null)[];
  differs: boolean;
}

/** All keys of `things` in order, with what each has under them. */
export function sideBySide(things: readonly Record<string, string>[]): SideRow[] {
  const keys = [...new Set(things.flatMap((thing) => Object.keys(thing)))].sort((a, b) =>
    a.localeCompare(b, undefined, { numeric: true }),
  );
  return keys.map((key) => {
    const values = things.map((thing) => thing[key] ?? null);
    return { key, values, differs: values.some((value) => value !== values[0]) };
  });
}

/** Lines of a requirements file, by the name of the package. */
export function requirements(text: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const line of text.split(/\r?\n/)) {
    const plain = line.replace(/(^|\s)#.*$/, "").trim();
    if (!plain) continue;
    const [, name, rest] = /^([\w.-]+(?:\[[\w,.\s-]*\])?)\s*(.*)$/.exec(plain) ?? [];
    if (name === undefined || plain.startsWith("-")) found[plain] = "";
    else found[name] = rest ?? "";
  }
  return found;
}
