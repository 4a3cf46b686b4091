/** The rows for what is asked; while other ones are on their way, those that were there before. */

import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { RowModel, type Source } from "../../lib/rowmodel";

export interface Rows {
  /** What is shown. */
  model: RowModel;
  /** What is asked for; the same once it has answered. */
  asked: RowModel;
  /** To be told which rows are in sight. */
  settled: (first: number, last: number) => void;
  /** Asks again for what is in sight. */
  renew: (held: boolean) => void;
}

/** How many rows are asked for before it is known how many fit. */
const FIRST = 60;

/** `key` says which rows in which order; a `source` with the same key has the same rows with other cells. */
export function useRows(key: string, source: Source | null): Rows | null {
  const [made, setMade] = useState<{ key: string; model: RowModel } | null>(null);
  if (source && made?.key !== key) setMade({ key, model: new RowModel(source) });
  const asked = made?.model ?? null;
  const [shown, setShown] = useState<RowModel | null>(null);
  useSyncExternalStore(asked?.subscribe ?? nothing, asked?.state ?? zero);
  if (asked && shown !== asked && (asked.ready || shown === null)) setShown(asked);
  const sight = useRef({ first: 0, last: FIRST });

  useEffect(() => {
    if (!asked) return;
    asked.want(0, FIRST);
    return () => asked.close();
  }, [asked]);
  useEffect(() => {
    if (asked && source && made?.key === key) asked.reload(source, sight.current.first, sight.current.last);
  }, [asked, source, key, made]);

  const [calls] = useState(() => ({
    settled: (model: RowModel) => (first: number, last: number) => {
      sight.current = { first, last };
      // Some rows more, so that ordinary scrolling never meets a row that is not there.
      model.want(Math.max(0, first - 30), last + 60);
    },
    renew: (model: RowModel) => (held: boolean) => model.renew(held, sight.current.first, sight.current.last),
  }));
  const [bound, setBound] = useState<Rows | null>(null);
  if (shown && asked && (bound?.model !== shown || bound.asked !== asked)) {
    setBound({ model: shown, asked, settled: calls.settled(shown), renew: calls.renew(asked) });
  }
  return bound;
}

const nothing = () => () => undefined;
const zero = () => 0;
