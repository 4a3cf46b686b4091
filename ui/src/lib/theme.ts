/** Light, dark, or what the system says; remembered. The script in `index.html` applies it before the first paint. */
import { useSyncExternalStore } from "react";

export type ThemeChoice = "light" | "dark" | "system";

const KEY = "treering.theme";
const listeners = new Set<() => void>();

export function themeChoice(): ThemeChoice {
  const stored = read();
  return stored === "light" || stored === "dark" ? stored : "system";
}

export function setTheme(choice: ThemeChoice): void {
  try {
    localStorage.setItem(KEY, choice);
  } catch {
    // Without storage the choice lasts as long as the page.
  }
  apply(choice);
}

export function watchSystemTheme(): void {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => apply(themeChoice()));
}

/** The theme that is shown now; components that draw on a canvas depend on it. */
export function useTheme(): { choice: ThemeChoice; shown: "light" | "dark" } {
  const snapshot = useSyncExternalStore(subscribe, () => `${themeChoice()} ${shownTheme()}`);
  const [choice, shown] = snapshot.split(" ") as [ThemeChoice, "light" | "dark"];
  return { choice, shown };
}

function apply(choice: ThemeChoice): void {
  const dark = choice === "dark" || (choice === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  for (const listener of listeners) listener();
}

function shownTheme(): "light" | "dark" {
  return document.documentElement.dataset.theme === "dark" ? "dark" : "light";
}

function read(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
