/** The notices at the lower edge of the window. */

import { useEffect, useState } from "react";
import { dismiss, type Notice, SHOWN, takeBack, useNotices } from "../lib/notices";
import { Icon } from "./icons";

export function Toasts() {
  const notices = useNotices();
  return (
    <div className="toasts" role="status" aria-live="polite">
      {notices.map((notice) => (
        <Toast key={notice.id} notice={notice} />
      ))}
    </div>
  );
}

function Toast({ notice }: { notice: Notice }) {
  const { id, kind, text, undo } = notice;
  const [held, setHeld] = useState(false);
  useEffect(() => {
    // Nothing goes away under the pointer, or with the focus in it.
    if (kind === "failed" || held) return;
    const timer = setTimeout(() => dismiss(id), SHOWN);
    return () => clearTimeout(timer);
  }, [id, kind, held]);
  return (
    <div
      className="toast"
      data-kind={kind}
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
    >
      <Icon name={kind === "done" ? "check" : "cross"} size={14} />
      <span>{text}</span>
      {undo && (
        <button
          type="button"
          className="button"
          onClick={() => {
            dismiss(id);
            takeBack(notice);
          }}
        >
          Undo
        </button>
      )}
      <button type="button" className="button quiet icon" aria-label="Close" onClick={() => dismiss(id)}>
        <Icon name="cross" size={14} />
      </button>
    </div>
  );
}
