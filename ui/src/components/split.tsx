/** Two panes side by side with a handle between them; the width is remembered. */

import { type CSSProperties, type KeyboardEvent, type PointerEvent, type ReactNode, useRef, useState } from "react";

const KEY = "treering.split";
const LEAST = 280;

export function Split({ left, right }: { left: ReactNode; right: ReactNode }) {
  const [width, setWidth] = useState(remembered);
  const box = useRef<HTMLDivElement>(null);

  const set = (wanted: number) => {
    const most = Math.max(LEAST, (box.current?.clientWidth ?? 1200) - LEAST);
    const next = Math.round(Math.min(most, Math.max(LEAST, wanted)));
    setWidth(next);
    try {
      localStorage.setItem(KEY, String(next));
    } catch {
      // Without storage the width lasts as long as the page.
    }
  };
  const drag = (event: PointerEvent<HTMLDivElement>) => {
    if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
    set(event.clientX - (box.current?.getBoundingClientRect().left ?? 0));
  };
  const keys = (event: KeyboardEvent) => {
    const by = { ArrowLeft: -24, ArrowRight: 24 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    set(width + by);
  };

  return (
    <div className="split" ref={box} style={{ "--left": `${width}px` } as CSSProperties}>
      <div className="split-left">{left}</div>
      <div
        className="split-handle"
        role="separator"
        aria-orientation="vertical"
        aria-label="Width of the table"
        aria-valuenow={width}
        aria-valuemin={LEAST}
        aria-valuemax={2000}
        tabIndex={0}
        onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
        onPointerMove={drag}
        onKeyDown={keys}
        onDoubleClick={() => set(560)}
      />
      <div className="split-right" tabIndex={0}>
        {right}
      </div>
    </div>
  );
}

function remembered(): number {
  try {
    return Math.max(LEAST, Number(localStorage.getItem(KEY)) || 560);
  } catch {
    return 560;
  }
}
