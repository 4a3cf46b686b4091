/**
 * What can be done on the page that is open, each thing declared once: the palette lists it, its keys call it, and the
 * sheet behind "?" shows the keys. A page declares its commands while it is mounted.
 */

import { useEffect, useRef, useSyncExternalStore } from "react";

export interface Command {
  /** Unique among what is mounted. */
  id: string;
  label: string;
  /** Heading on the sheet, such as "Runs". */
  group: string;
  /** Such as "x", "?", "mod+z", "shift+Enter", or "g r" for one key after another; none where only the palette has it. */
  keys?: string;
  /** Whether the palette leaves it out, such as moving to the next row. */
  hidden?: boolean;
  run: () => void;
}

/** What these do in a field of text belongs to the field: taking back, marking, copying, making bold. */
const EDITING = /^mod\+(shift\+)?[acvxyzbi]$/;

const MODIFIERS = ["Shift", "Control", "Meta", "Alt"];

/** How long the second key of two is waited for, in ms. */
const PATIENCE = 1200;

let mounted: readonly Command[] = [];
const listeners = new Set<() => void>();

function put(next: readonly Command[]): void {
  mounted = next;
  for (const listener of listeners) listener();
}

/** Declares commands for as long as the calling component is mounted. */
export function useCommands(commands: readonly Command[]): void {
  const latest = useRef(commands);
  useEffect(() => {
    latest.current = commands;
  });
  const shape = JSON.stringify(commands.map(({ id, label, group, keys, hidden }) => [id, label, group, keys, hidden]));
  useEffect(() => {
    const own = latest.current.map((command) => ({
      ...command,
      run: () => latest.current.find((other) => other.id === command.id)?.run(),
    }));
    put([...mounted.filter((other) => own.every((command) => command.id !== other.id)), ...own]);
    return () => put(mounted.filter((other) => !own.includes(other)));
  }, [shape]);
}

/** Everything that is declared now. */
export function useAllCommands(): readonly Command[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => mounted,
  );
}

/** A key event in the words of `Command.keys`. */
export function keyName(event: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey">): string {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const mod = event.ctrlKey || event.metaKey ? "mod+" : "";
  const alt = event.altKey ? "alt+" : "";
  // With a letter or a named key shift is said; of "?" it is a part.
  const shift = event.shiftKey && (event.key.length > 1 || /[a-z]/i.test(event.key)) ? "shift+" : "";
  return mod + alt + shift + key;
}

/** The first of two keys, and when it was pressed, in ms. */
export interface First {
  name: string;
  at: number;
}

/** Which command a key calls, after another or alone; or that it may be the first of two. */
export function resolve(
  commands: readonly Command[],
  first: First | null,
  name: string,
  at: number,
): { run: Command | undefined; waits: First | null } {
  const pair = first && at - first.at < PATIENCE ? `${first.name} ${name}` : "";
  const run = commands.find((command) => command.keys === pair) ?? commands.find((command) => command.keys === name);
  const begins = !run && commands.some((command) => command.keys?.startsWith(`${name} `));
  return { run, waits: begins ? { name, at } : null };
}

/** Whether a key, pressed in a field of text, is for the field. */
export function isEditing(name: string): boolean {
  return !name.startsWith("mod+") || EDITING.test(name);
}

/** Calls the command of a key, or waits for a second key; to be mounted once. */
export function listen(target: Document): () => void {
  let first: First | null = null;
  const down = (event: KeyboardEvent) => {
    // Holding Shift for the second key is no key of its own.
    if (event.defaultPrevented || event.isComposing || MODIFIERS.includes(event.key)) return;
    const name = keyName(event);
    if (isTyping(event.target) && isEditing(name)) return;
    const { run, waits } = resolve(mounted, first, name, event.timeStamp);
    first = waits;
    if (!run) return;
    event.preventDefault();
    run.run();
  };
  target.addEventListener("keydown", down);
  return () => target.removeEventListener("keydown", down);
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof Element)) return false;
  if (target.closest("textarea, select, [contenteditable=true], dialog[open]")) return true;
  return target instanceof HTMLInputElement && !["checkbox", "radio", "range", "button"].includes(target.type);
}
