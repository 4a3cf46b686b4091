/** One chart over the whole window; Escape closes it. */

import { type ReactNode, useEffect, useId, useRef, useState } from "react";
import { Icon } from "../icons";

export function FullScreen({ title, close, children }: { title: string; close: () => void; children: (height: number) => ReactNode }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  const [height, setHeight] = useState(() => room());
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    element?.querySelector<HTMLElement>(".plot")?.focus();
    const resized = () => setHeight(room());
    addEventListener("resize", resized);
    return () => removeEventListener("resize", resized);
  }, []);
  return (
    <dialog ref={dialog} className="dialog chart-full" aria-labelledby={heading} onClose={close}>
      <header>
        <h2 id={heading}>{title}</h2>
        <button type="button" className="button quiet icon" aria-label="Close" onClick={close}>
          <Icon name="cross" />
        </button>
      </header>
      <div className="chart-card">{children(height)}</div>
    </dialog>
  );
}

function room(): number {
  return Math.max(200, window.innerHeight - 130);
}
