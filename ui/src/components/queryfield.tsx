/** The field for a filter in the search grammar: coloured as it is typed, its mistake underlined in place. */

import { useEffect, useRef, useState } from "react";
import type { ApiError } from "../api/client";
import { type Place, placeOf, tokens } from "../lib/grammar";

interface Props {
  value: string;
  onSubmit: (filter: string) => void;
  /** What the server said against `value`, or null. */
  mistake: ApiError | null;
}

export function QueryField({ value, onSubmit, mistake }: Props) {
  const [text, setText] = useState(value);
  const [scroll, setScroll] = useState(0);
  const field = useRef<HTMLInputElement>(null);
  const [applied, setApplied] = useState(value);
  if (applied !== value) {
    setApplied(value);
    setText(value);
  }

  useEffect(() => {
    const slash = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      if (event.key !== "/" || target.closest("input, textarea, select, dialog")) return;
      event.preventDefault();
      field.current?.focus();
    };
    document.addEventListener("keydown", slash);
    return () => document.removeEventListener("keydown", slash);
  }, []);

  const shown = text === value ? mistake : null;
  const at = shown?.mistake ? placeOf(shown.mistake, text) : null;
  return (
    <form
      className="query"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit(text.trim());
      }}
    >
      <div className="query-box" data-wrong={shown ? "" : undefined}>
        <div className="query-ink" aria-hidden="true" style={{ transform: `translateX(${-scroll}px)` }}>
          <Ink text={text} mistake={at} />
        </div>
        <input
          ref={field}
          type="text"
          value={text}
          spellCheck={false}
          autoComplete="off"
          autoCapitalize="off"
          aria-label="Filter runs"
          aria-invalid={shown ? true : undefined}
          aria-describedby={shown ? "query-mistake" : undefined}
          placeholder={'Filter, for example: metrics.loss < 0.5 and params.optimizer = "adam"'}
          onChange={(event) => setText(event.target.value)}
          onScroll={(event) => setScroll(event.currentTarget.scrollLeft)}
          onBlur={() => text.trim() !== value && onSubmit(text.trim())}
        />
      </div>
      {shown && (
        <pre className="query-mistake" id="query-mistake" role="alert">
          {at && shown.mistake ? `Character ${at.start + 1}: ${shown.mistake.reason}` : shown.message}
        </pre>
      )}
    </form>
  );
}

function Ink({ text, mistake }: { text: string; mistake: Place | null }) {
  return (
    <>
      {tokens(text).map(({ kind, text: piece, start }) => {
        const wrong = mistake !== null && mistake.start < start + piece.length && mistake.end > start;
        return (
          <span key={start} className={wrong ? `${kind} wrong` : kind}>
            {piece}
          </span>
        );
      })}
      {mistake !== null && mistake.start >= text.length && <span className="wrong">{"  "}</span>}
    </>
  );
}
