/** A button that opens a small panel below it; Escape and a click elsewhere close it. */

import { type KeyboardEvent as Key, type ReactNode, useEffect, useId, useRef, useState } from "react";
import { Icon } from "./icons";

export function Menu({ label, children }: { label: ReactNode; children: ReactNode }) {
  const [open, setOpen] = useState(false);
  const anchor = useRef<HTMLDivElement>(null);
  const panel = useId();

  useEffect(() => {
    if (!open) return;
    const away = (event: PointerEvent) => {
      if (!anchor.current?.contains(event.target as Node)) setOpen(false);
    };
    const escape = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      setOpen(false);
      anchor.current?.querySelector("button")?.focus();
    };
    document.addEventListener("pointerdown", away);
    document.addEventListener("keydown", escape);
    return () => {
      document.removeEventListener("pointerdown", away);
      document.removeEventListener("keydown", escape);
    };
  }, [open]);

  return (
    <div className="menu-anchor" ref={anchor}>
      <button
        type="button"
        className="button"
        aria-expanded={open}
        aria-controls={open ? panel : undefined}
        onClick={() => setOpen(!open)}
      >
        {label}
      </button>
      {open && (
        <div className="menu" id={panel}>
          {children}
        </div>
      )}
    </div>
  );
}

export interface Action {
  label: string;
  run: () => void;
  /** Set apart from the others, since it takes something away. */
  danger?: boolean;
}

/** Three dots that open a list of what can be done with one thing. It lies above all else, so no table cuts it off. */
export function ActionMenu({ label, actions }: { label: string; actions: readonly Action[] }) {
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const id = useId();
  const show = () => {
    const box = button.current!.getBoundingClientRect();
    const menu = list.current!;
    menu.showPopover();
    const below = box.bottom + 4 + menu.offsetHeight < innerHeight;
    menu.style.top = `${below ? box.bottom + 4 : Math.max(4, box.top - 4 - menu.offsetHeight)}px`;
    menu.style.left = `${Math.max(4, Math.min(box.right - menu.offsetWidth, innerWidth - menu.offsetWidth - 4))}px`;
    menu.querySelector("button")?.focus();
  };
  const move = (event: Key) => {
    const items = [...list.current!.querySelectorAll("button")];
    const at = items.indexOf(document.activeElement as HTMLButtonElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
    if (event.key === "Tab") list.current!.hidePopover();
    if (to === undefined) return;
    event.preventDefault();
    items.at(to % items.length)?.focus();
  };
  return (
    <>
      <button
        ref={button}
        type="button"
        className="button quiet icon"
        aria-label={label}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={id}
        onClick={show}
      >
        <Icon name="dots" />
      </button>
      <div
        ref={list}
        id={id}
        popover="auto"
        role="menu"
        aria-label={label}
        className="action-menu"
        onKeyDown={move}
        onToggle={(event) => setOpen(event.newState === "open")}
      >
        {actions.map((action) => (
          <button
            key={action.label}
            type="button"
            role="menuitem"
            tabIndex={-1}
            data-danger={action.danger ? "" : undefined}
            onClick={() => {
              list.current!.hidePopover();
              button.current?.focus();
              action.run();
            }}
          >
            {action.label}
          </button>
        ))}
      </div>
    </>
  );
}
