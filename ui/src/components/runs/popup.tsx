/** A menu at a place of the window: arrows move in it, a letter finds an entry, Escape and a click elsewhere close it. */

import { type KeyboardEvent, useEffect, useLayoutEffect, useRef, useState } from "react";

export interface Entry {
  label: string;
  run: () => void;
  /** For what is on or off. */
  checked?: boolean;
  disabled?: boolean;
  danger?: boolean;
  /** What key does the same, to be seen. */
  hint?: string;
  /** Whether a line stands above it. */
  apart?: boolean;
}

export interface Place {
  x: number;
  y: number;
}

interface Props {
  label: string;
  at: Place;
  entries: readonly Entry[];
  close: () => void;
}

export function Popup({ label, at, entries, close }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const before = useRef<Element | null>(null);
  const [place, setPlace] = useState(at);

  useLayoutEffect(() => {
    const { width = 0, height = 0 } = box.current?.getBoundingClientRect() ?? {};
    setPlace({
      x: Math.max(4, Math.min(at.x, window.innerWidth - width - 4)),
      y: Math.max(4, Math.min(at.y, window.innerHeight - height - 4)),
    });
    before.current = document.activeElement;
    box.current?.querySelector<HTMLElement>("[role^=menuitem]:not(:disabled)")?.focus();
  }, [at]);

  useEffect(() => {
    const away = (event: PointerEvent) => {
      if (!box.current?.contains(event.target as Node)) close();
    };
    document.addEventListener("pointerdown", away);
    window.addEventListener("resize", close);
    return () => {
      document.removeEventListener("pointerdown", away);
      window.removeEventListener("resize", close);
    };
  }, [close]);

  const back = () => {
    close();
    if (before.current instanceof HTMLElement) before.current.focus();
  };
  const keys = (event: KeyboardEvent) => {
    const items = [...(box.current?.querySelectorAll<HTMLElement>("[role^=menuitem]:not(:disabled)") ?? [])];
    const now = items.indexOf(document.activeElement as HTMLElement);
    const goal = { ArrowDown: now + 1, ArrowUp: now - 1, Home: 0, End: items.length - 1 }[event.key];
    if (goal !== undefined) items.at(goal % items.length)?.focus();
    else if (event.key === "Escape" || event.key === "Tab") back();
    else if (event.key.length === 1 && event.key !== " ") {
      const letter = event.key.toLowerCase();
      const order = [...items.slice(now + 1), ...items.slice(0, now + 1)];
      order.find((item) => item.textContent?.toLowerCase().startsWith(letter))?.focus();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div className="popup" role="menu" aria-label={label} ref={box} style={{ left: place.x, top: place.y }} onKeyDown={keys}>
      {entries.map((entry) => (
        <button
          key={entry.label}
          type="button"
          role={entry.checked === undefined ? "menuitem" : "menuitemcheckbox"}
          aria-checked={entry.checked}
          disabled={entry.disabled}
          tabIndex={-1}
          className={["popup-entry", entry.apart ? "apart" : "", entry.danger ? "danger" : ""].filter(Boolean).join(" ")}
          onClick={() => {
            back();
            entry.run();
          }}
        >
          <span className="popup-check" aria-hidden="true">
            {entry.checked ? "✓" : ""}
          </span>
          <span className="ellipsis">{entry.label}</span>
          {entry.hint && <kbd className="key-cap">{entry.hint}</kbd>}
        </button>
      ))}
    </div>
  );
}
