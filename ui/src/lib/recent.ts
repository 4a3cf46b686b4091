/** The filters that were used last, kept in the browser. */

const KEY = "treering.filters";
const MOST = 12;

export function recentFilters(): string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(kept) ? kept.filter((item) => typeof item === "string").slice(0, MOST) : [];
  } catch {
    return [];
  }
}

export function rememberFilter(filter: string): void {
  if (!filter) return;
  try {
    localStorage.setItem(KEY, JSON.stringify([filter, ...recentFilters().filter((other) => other !== filter)].slice(0, MOST)));
  } catch {
    // Without storage nothing is remembered.
  }
}
