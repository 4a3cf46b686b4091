/** The field for a filter in the search grammar: coloured and completed as it is typed, its mistake underlined in place. */

import { useQuery } from "@tanstack/react-query";
import { type KeyboardEvent, useId, useMemo, useRef, useState } from "react";
import { valuesQuery } from "../api/runs";
import type { RunKey } from "../api/types";
import { idOf, rankKeys, readableField } from "../lib/columns";
import { useCommands } from "../lib/commands";
import { bare, comparisonsOf, filled, type Gap, gapAt } from "../lib/completion";
import { type Place, placeOf, quote, tokens } from "../lib/grammar";
import { recentFilters, rememberFilter } from "../lib/recent";

/** What the server said against a filter. */
export interface Mistake {
  message: string;
  mistake: { text: string; start: number; end: number; reason: string } | null;
}

interface Props {
  value: string;
  onSubmit: (filter: string) => void;
  /** What the server said against `value`, or null. */
  mistake: Mistake | null;
  experimentIds: readonly string[];
  keys: readonly RunKey[];
}

interface Option {
  text: string;
  note: string;
  /** A whole filter, not a part of one. */
  whole?: boolean;
}

const MOST = 10;
const NO_KEYS: readonly string[] = [];

export function QueryField({ value, onSubmit, mistake, experimentIds = NO_KEYS, keys }: Props) {
  const [text, setText] = useState(value);
  const [scroll, setScroll] = useState(0);
  const [cursor, setCursor] = useState<number | null>(null);
  const [chosen, setChosen] = useState(-1);
  const field = useRef<HTMLInputElement>(null);
  const list = useId();
  const [applied, setApplied] = useState(value);
  if (applied !== value) {
    setApplied(value);
    setText(value);
  }
  useCommands([{ id: "filter", label: "Filter the runs", group: "Runs", keys: "/", run: () => field.current?.focus() }]);

  const gap = useMemo(() => (cursor === null ? null : gapAt(text, cursor)), [text, cursor]);
  const options = useOptions(text, gap, experimentIds, keys);
  const open = cursor !== null && options.length > 0;
  const shown = text === value ? mistake : null;
  const at = shown?.mistake ? placeOf(shown.mistake, text) : null;

  const submit = (filter: string) => {
    setCursor(null);
    setChosen(-1);
    rememberFilter(filter.trim());
    if (filter.trim() !== value) onSubmit(filter.trim());
  };
  const take = (option: Option) => {
    setChosen(-1);
    if (option.whole || !gap) {
      setText(option.text);
      submit(option.text);
      return;
    }
    const next = filled(text, gap, option.text);
    setText(next.text);
    setCursor(next.cursor);
    requestAnimationFrame(() => field.current?.setSelectionRange(next.cursor, next.cursor));
  };
  const pressed = (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.key === "Escape" && open) setCursor(null);
    else if (event.key === "ArrowDown" && !open) setCursor(event.currentTarget.selectionStart ?? text.length);
    else if (event.key === "ArrowDown") setChosen((chosen + 1) % options.length);
    else if (event.key === "ArrowUp" && open) setChosen(chosen <= 0 ? options.length - 1 : chosen - 1);
    else if ((event.key === "Enter" || event.key === "Tab") && open && chosen >= 0) take(options[chosen]!);
    else return;
    event.preventDefault();
  };

  return (
    <form
      className="query"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        submit(text);
      }}
    >
      <div className="query-box" data-wrong={shown ? "" : undefined}>
        <div className="query-ink" aria-hidden="true" style={{ transform: `translateX(${-scroll}px)` }}>
          <Ink text={text} mistake={at} />
        </div>
        <input
          ref={field}
          type="text"
          role="combobox"
          value={text}
          spellCheck={false}
          autoComplete="off"
          autoCapitalize="off"
          aria-label="Filter runs"
          aria-autocomplete="list"
          aria-expanded={open}
          aria-controls={open ? list : undefined}
          aria-activedescendant={open && chosen >= 0 ? `${list}-${chosen}` : undefined}
          aria-invalid={shown ? true : undefined}
          aria-describedby={shown ? "query-mistake" : undefined}
          placeholder={'Filter, for example: metrics.loss < 0.5 and params.optimizer = "adam"'}
          onChange={(event) => {
            setText(event.target.value);
            setCursor(event.target.selectionStart);
            setChosen(-1);
          }}
          onClick={(event) => setCursor(event.currentTarget.selectionStart)}
          onKeyDown={pressed}
          onScroll={(event) => setScroll(event.currentTarget.scrollLeft)}
          onBlur={() => submit(text)}
        />
      </div>
      {open && (
        <ul className="query-options" role="listbox" id={list} aria-label="Suggestions">
          {options.map((option, index) => (
            <li
              key={option.text}
              id={`${list}-${index}`}
              role="option"
              aria-selected={index === chosen}
              onPointerDown={(event) => {
                event.preventDefault();
                take(option);
              }}
            >
              <span className="mono ellipsis">{option.text}</span>
              <span className="muted small">{option.note}</span>
            </li>
          ))}
        </ul>
      )}
      {shown && !open && (
        <pre className="query-mistake" id="query-mistake" role="alert">
          {at && shown.mistake ? `Character ${at.start + 1}: ${shown.mistake.reason}` : shown.message}
        </pre>
      )}
    </form>
  );
}

function useOptions(text: string, gap: Gap | null, experimentIds: readonly string[], keys: readonly RunKey[]): Option[] {
  const key = useMemo(() => (gap?.field ? keyOfField(keys, gap.field) : undefined), [gap, keys]);
  const asksValues = gap?.expects === "value" && key !== undefined && key.kind !== "metric" && !isTime(key.key);
  const values = useQuery({
    ...valuesQuery(experimentIds, key?.field ?? "", asksValues ? bare(gap.typed) : "", MOST),
    enabled: asksValues,
  });
  return useMemo(() => {
    if (!gap) return [];
    if (text.trim() === "") {
      const recent = recentFilters().slice(0, 5).map((filter) => ({ text: filter, note: "recent", whole: true }));
      return [...recent, ...fieldOptions(keys, "").slice(0, MOST - recent.length)];
    }
    const typed = gap.typed.toLowerCase();
    const same = (options: Option[]) => (options.length === 1 && options[0]!.text.toLowerCase() === typed ? [] : options);
    switch (gap.expects) {
      case "field":
        return same(fieldOptions(keys, gap.typed));
      case "comparison":
        return same(comparisonsOf(isNumberKey(key), gap.typed).map((word) => ({ text: word, note: "" })));
      case "joint":
        return same(["and", "or"].filter((word) => word.startsWith(typed)).map((word) => ({ text: word, note: "" })));
      case "value":
        if (key && isTime(key.key)) {
          return ["now() - 1h", "now() - 1d", "now() - 7d", "now() - 30d"]
            .filter((word) => word.startsWith(typed))
            .map((word) => ({ text: word, note: "" }));
        }
        if (!asksValues) return [];
        return same(
          (values.data ?? []).map(({ value, runs }) => ({
            text: key.kind === "param" && key.numeric && !/^['"]/.test(gap.typed) ? value : quote(value),
            note: `${runs.toLocaleString("en")}`,
          })),
        );
    }
  }, [gap, text, keys, key, values.data, asksValues]);
}

function fieldOptions(keys: readonly RunKey[], typed: string): Option[] {
  const text = typed.toLowerCase();
  return rankKeys(keys)
    .map((key) => ({ text: readableField(idOf(key.kind, key.key)), note: `${key.runs.toLocaleString("en")} runs` }))
    .filter((option) => option.text.toLowerCase().includes(text))
    .sort((a, b) => Number(b.text.toLowerCase().startsWith(text)) - Number(a.text.toLowerCase().startsWith(text)))
    .slice(0, MOST);
}

/** What is known of a field as it is written in a filter. */
export function keyOfField(keys: readonly RunKey[], field: string): RunKey | undefined {
  const plain = field.replace(/^attributes?\./i, "").replace(/^(metric|param|tag)\./i, "$1s.");
  const found = keys.find((key) => key.field === field || readableField(idOf(key.kind, key.key)) === plain);
  if (found) return found;
  const figure = /^(.*)\.(min|max|last|count)$/.exec(plain)?.[1];
  return figure === undefined ? undefined : keys.find((key) => readableField(idOf(key.kind, key.key)) === figure);
}

export function isNumberKey(key: RunKey | undefined): boolean {
  if (!key) return false;
  return key.kind === "metric" || key.numeric || isTime(key.key) || key.key === "duration";
}

function isTime(key: string): boolean {
  return key === "start_time" || key === "end_time";
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
