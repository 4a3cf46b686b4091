/** Parts of an address: what a page keeps and leaves out when it leads on. */

export type Search = Record<string, string>;

/** `search` without some of its parameters. */
export function without(search: Search, ...names: readonly string[]): Search {
  return Object.fromEntries(Object.entries(search).filter(([name]) => !names.includes(name)));
}

/** `search` with one parameter set; an empty text takes it out. */
export function withParam(search: Search, name: string, value: string): Search {
  return value ? { ...search, [name]: value } : without(search, name);
}
