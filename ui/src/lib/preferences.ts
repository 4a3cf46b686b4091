/** Who this browser's user is, and how he likes the pages: row height, where to begin, time zone, digits. */

import { setFormats } from "./format";
import { stored, useStored } from "./stored";

export type Density = "compact" | "normal" | "comfortable";
export type TimeZone = "local" | "utc";
export type Landing = "/" | "/experiments" | "/models" | "last";

export interface Preferences {
  density: Density;
  landing: Landing;
  zone: TimeZone;
  /** Significant digits of numbers, 3 to 8. */
  digits: number;
  /** Whether the browser says when a run ends that was looked at while it ran. */
  tellEnds: boolean;
  /** Whether the sidebar shows icons only. */
  narrow: boolean;
  /** Whom the server is told that changes are of; "" where nobody said. */
  name: string;
}

export const DEFAULTS: Preferences = {
  density: "normal",
  landing: "/",
  zone: "local",
  digits: 4,
  tellEnds: false,
  narrow: false,
  name: "",
};

export const MOST_NAME = 250;

const item = stored("preferences", readPreferences);

/** What `found` says, with defaults for all that makes no sense. */
export function readPreferences(found: unknown): Preferences {
  const said = (typeof found === "object" && found !== null ? found : {}) as Record<string, unknown>;
  const one = <T>(key: string, allowed: readonly T[], otherwise: T) =>
    allowed.includes(said[key] as T) ? (said[key] as T) : otherwise;
  const digits = Number(said.digits);
  return {
    density: one("density", ["compact", "normal", "comfortable"], DEFAULTS.density),
    landing: one("landing", ["/", "/experiments", "/models", "last"], DEFAULTS.landing),
    zone: one("zone", ["local", "utc"], DEFAULTS.zone),
    digits: Number.isInteger(digits) && digits >= 3 && digits <= 8 ? digits : DEFAULTS.digits,
    tellEnds: said.tellEnds === true,
    narrow: said.narrow === true,
    name: typeof said.name === "string" ? said.name.slice(0, MOST_NAME) : DEFAULTS.name,
  };
}

export function preferences(): Preferences {
  return item.get();
}

export function setPreferences(part: Partial<Preferences>): void {
  item.set({ ...item.get(), ...part });
  applyPreferences();
}

export function usePreferences(): Preferences {
  return useStored(item);
}

/** Puts them where style sheets and formats see them. */
export function applyPreferences(): void {
  const { density, digits, zone } = item.get();
  setFormats({ digits, zone });
  if (typeof document !== "undefined") document.documentElement.dataset.density = density;
}
