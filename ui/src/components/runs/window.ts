/** Which rows and columns of a scrolled box are in sight. */

import { type RefObject, useEffect, useLayoutEffect, useRef, useState } from "react";

/** Rows that are drawn beyond the edges. They come and go one by one: frames with several at once take too long. */
const BEYOND = 6;
/** A box that moved by more than so many heights at once is being dragged. */
const LEAP = 1.2;
/** After so many ms without a leap, or without any movement, the box rests. */
const REST = 90;
const STILL = 150;

export interface Sight {
  first: number;
  last: number;
  /** In px. */
  left: number;
  right: number;
  /** Whether the box was moved just now. */
  moving: boolean;
}

/**
 * The rows of `count` that stand in `box`, each `row` px high. `settled` is called with what is in sight, but not for
 * places that are only passed while the bar is dragged.
 */
export function useSight(
  box: RefObject<HTMLElement | null>,
  row: number,
  count: number,
  settled: (first: number, last: number) => void,
): Sight {
  const [sight, setSight] = useState<Sight>({ first: 0, last: 39, left: 0, right: 2000, moving: false });
  const latest = useRef({ settled, top: 0, rest: 0, still: 0 });
  useEffect(() => {
    latest.current.settled = settled;
  });

  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const passed = latest.current;
    const look = () => {
      const { scrollTop, scrollLeft, clientHeight, clientWidth } = element;
      const top = Math.floor(scrollTop / row);
      const bottom = Math.ceil((scrollTop + clientHeight) / row);
      const next = {
        first: Math.max(0, top - BEYOND),
        last: bottom + BEYOND,
        left: Math.max(0, Math.floor((scrollLeft - 200) / 200) * 200),
        right: Math.ceil((scrollLeft + clientWidth + 200) / 200) * 200,
        moving: scrollTop !== passed.top,
      };
      setSight((now) => (sameSight(now, next) ? now : next));
      const leapt = Math.abs(scrollTop - passed.top) > clientHeight * LEAP;
      passed.top = scrollTop;
      // Cells that stick to the edge cost at each frame, and stand there anyway until the box is moved to the side.
      element.toggleAttribute("data-shifted", scrollLeft > 0);
      window.clearTimeout(passed.rest);
      window.clearTimeout(passed.still);
      passed.still = window.setTimeout(() => setSight((now) => (now.moving ? { ...now, moving: false } : now)), STILL);
      if (leapt) passed.rest = window.setTimeout(() => passed.settled(top, bottom), REST);
      else passed.settled(top, bottom);
    };
    element.addEventListener("scroll", look, { passive: true });
    const watcher = new ResizeObserver(look);
    watcher.observe(element);
    look();
    return () => {
      element.removeEventListener("scroll", look);
      watcher.disconnect();
      window.clearTimeout(passed.rest);
      window.clearTimeout(passed.still);
    };
  }, [box, row]);

  return { ...sight, last: Math.min(sight.last, count - 1) };
}

function sameSight(a: Sight, b: Sight): boolean {
  return a.first === b.first && a.last === b.last && a.left === b.left && a.right === b.right && a.moving === b.moving;
}

/** Whether the window is as narrow as a phone. */
export function useNarrow(): boolean {
  const [narrow, setNarrow] = useState(() => matchMedia(NARROW).matches);
  useEffect(() => {
    const query = matchMedia(NARROW);
    const changed = () => setNarrow(query.matches);
    query.addEventListener("change", changed);
    return () => query.removeEventListener("change", changed);
  }, []);
  return narrow;
}

const NARROW = "(max-width: 760px)";
