/** A menu of actions, such as that in the corner of a chart: it closes when something in it was chosen, and keeps the focus. */

import { type ReactNode, useEffect, useId, useRef, useState } from "react";

export interface CardAction {
  readonly label: string;
  readonly run: () => void;
  readonly disabled?: boolean;
  /** What it does, below its name. */
  readonly what?: string;
}

interface Props {
  /** What the button says; dots, and this for those who cannot see them, where it is the menu of a card. */
  title: string;
  plain?: boolean;
  actions: readonly (CardAction | null)[];
}

export function CardMenu({ title, plain = false, actions }: Props) {
  const [open, setOpen] = useState(false);
  const anchor = useRef<HTMLDivElement>(null);
  const panel = useId();
  useEffect(() => {
    if (!open) return;
    const away = (event: Event) => {
      if (!anchor.current?.contains(event.target as Node)) setOpen(false);
    };
    const escape = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      setOpen(false);
      anchor.current?.querySelector("button")?.focus();
    };
    anchor.current?.querySelector<HTMLElement>(".menu button")?.focus();
    document.addEventListener("pointerdown", away);
    document.addEventListener("focusin", away);
    document.addEventListener("keydown", escape, true);
    return () => {
      document.removeEventListener("pointerdown", away);
      document.removeEventListener("focusin", away);
      document.removeEventListener("keydown", escape, true);
    };
  }, [open]);
  return (
    <div className="menu-anchor" ref={anchor}>
      <button
        type="button"
        className={plain ? "button" : "button quiet icon card-menu-button"}
        aria-label={plain ? undefined : `Actions of ${title}`}
        aria-expanded={open}
        aria-controls={open ? panel : undefined}
        onClick={() => setOpen(!open)}
      >
        {plain ? title : <Dots />}
      </button>
      {open && (
        <div className={plain ? "menu panel-kinds" : "menu card-menu"} id={panel}>
          {actions.map((action, index) =>
            action === null ? (
              <hr key={index} />
            ) : (
              <button
                key={action.label}
                type="button"
                disabled={action.disabled}
                onClick={() => {
                  setOpen(false);
                  anchor.current?.querySelector("button")?.focus();
                  action.run();
                }}
              >
                {action.label}
                {action.what && <span className="muted small">{action.what}</span>}
              </button>
            ),
          )}
        </div>
      )}
    </div>
  );
}

function Dots(): ReactNode {
  return (
    <svg width="16" height="16" viewBox="0 0 16 16" fill="currentColor" aria-hidden="true">
      <circle cx="3.5" cy="8" r="1.3" />
      <circle cx="8" cy="8" r="1.3" />
      <circle cx="12.5" cy="8" r="1.3" />
    </svg>
  );
}
