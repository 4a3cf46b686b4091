/** Where this browser's user was lately, and the experiments that are pinned to the sidebar. */

import { stored, useStored } from "./stored";

export interface Place {
  kind: "experiment" | "run" | "model" | "version";
  /** Id of an experiment or run, name of a model, `name/version` of a version. */
  id: string;
  name: string;
}

const KINDS: readonly string[] = ["experiment", "run", "model", "version"];
const KEPT = 30;

const recent = stored("recent", readPlaces);
const pinned = stored("pinned", readPlaces);

/** The places that `found` holds; what is no place is left out. */
export function readPlaces(found: unknown): readonly Place[] {
  if (!Array.isArray(found)) return [];
  return (found as unknown[]).filter(isPlace).map(({ kind, id, name }) => ({ kind, id, name }));
}

function isPlace(found: unknown): found is Place {
  if (typeof found !== "object" || found === null) return false;
  const { kind, id, name } = found as Record<string, unknown>;
  return typeof id === "string" && typeof name === "string" && typeof kind === "string" && KINDS.includes(kind);
}

/** `places` with `place` in front, once. */
export function toFront(places: readonly Place[], place: Place): readonly Place[] {
  return [place, ...places.filter((other) => !same(other, place))].slice(0, KEPT);
}

export function same(a: Pick<Place, "kind" | "id">, b: Pick<Place, "kind" | "id">): boolean {
  return a.kind === b.kind && a.id === b.id;
}

/** The address of a place. */
export function addressOf(place: Pick<Place, "kind" | "id">): string {
  const id = encodeURIComponent(place.id);
  if (place.kind === "experiment") return `/experiments/${id}`;
  if (place.kind === "run") return `/runs/${id}`;
  if (place.kind === "model") return `/models/${id}`;
  const cut = place.id.lastIndexOf("/");
  return `/models/${encodeURIComponent(place.id.slice(0, cut))}/versions/${place.id.slice(cut + 1)}`;
}

/** What an address leads to, if that is a place. */
export function placeAt(path: string): Pick<Place, "kind" | "id"> | null {
  const [first, second, third, fourth, more] = path.split("/").slice(1).map(decode);
  if (!second || more !== undefined) return null;
  if (first === "models" && third === "versions" && fourth) return { kind: "version", id: `${second}/${fourth}` };
  if (third !== undefined) return null;
  if (first === "experiments" && !second.includes(",")) return { kind: "experiment", id: second };
  if (first === "runs") return { kind: "run", id: second };
  return first === "models" ? { kind: "model", id: second } : null;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export function visit(place: Place): void {
  const first = recent.get()[0];
  if (first && same(first, place) && first.name === place.name) return;
  recent.set(toFront(recent.get(), place));
}

export function recentPlaces(): readonly Place[] {
  return recent.get();
}

export function useRecent(): readonly Place[] {
  return useStored(recent);
}

export function usePinned(): readonly Place[] {
  return useStored(pinned);
}

export function togglePin(place: Place): void {
  const places = pinned.get();
  const left = places.filter((other) => !same(other, place));
  pinned.set(left.length === places.length ? [...places, place] : left);
}

/** Takes a place that is gone from both lists; the answer puts it back. */
export function forgetPlace(place: Pick<Place, "kind" | "id">): () => void {
  const before = [recent.get(), pinned.get()] as const;
  recent.set(before[0].filter((other) => !same(other, place)));
  pinned.set(before[1].filter((other) => !same(other, place)));
  return () => {
    recent.set(before[0]);
    pinned.set(before[1]);
  };
}

/** Gives a place its new name. */
export function renamePlace(place: Place): void {
  const renamed = (places: readonly Place[]) => places.map((other) => (same(other, place) ? place : other));
  recent.set(renamed(recent.get()));
  pinned.set(renamed(pinned.get()));
}
