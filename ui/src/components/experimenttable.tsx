/** The table of experiments; only the rows in view are drawn, so that a thousand are as quick as ten. */

import { Link } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef, useState } from "react";
import { NOTE_TAG } from "../api/runs";
import type { Experiment } from "../api/types";
import { useCommands } from "../lib/commands";
import { useEdit, useQuietEdit } from "../lib/edits";
import { deletion, renaming, restoring, tagging } from "../lib/experimentedits";
import { type Activity, type Sort, turned } from "../lib/experimentlist";
import { togglePin, usePinned } from "../lib/places";
import { usePreferences } from "../lib/preferences";
import { isReserved } from "../lib/tags";
import { TextDialog } from "./forms";
import { Icon } from "./icons";
import { Ago } from "./marks";
import { ActionMenu } from "./menu";
import { ObjectiveDialog } from "./objectivedialog";

const HEIGHTS = { compact: 28, normal: 32, comfortable: 40 };

interface Props {
  items: readonly Experiment[];
  activity: ReadonlyMap<string, Activity> | undefined;
  order: { by: Sort; descending: boolean };
  onSort: (sort: string) => void;
  onTag: (tag: string) => void;
  chosen: ReadonlySet<string>;
  onChoose: (chosen: ReadonlySet<string>) => void;
  deleted: boolean;
}

export function ExperimentTable({ items, activity, order, onSort, onTag, chosen, onChoose, deleted }: Props) {
  const scroll = useRef<HTMLDivElement>(null);
  const { density } = usePreferences();
  const height = HEIGHTS[density];
  const rows = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => height,
    overscan: 12,
    scrollPaddingStart: 40,
  });
  const [asked, setAsked] = useState<{ what: "rename" | "note" | "objective" | "tag"; item: Experiment } | null>(null);
  const edit = useEdit();
  const quietly = useQuietEdit();
  const pinned = usePinned();
  const toggle = (id: string) => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    onChoose(next);
  };
  const pin = (item: Experiment) => togglePin({ kind: "experiment", id: item.experiment_id, name: item.name });
  const focused = () => {
    const row = document.activeElement?.closest<HTMLElement>("[data-row]");
    return row ? Number(row.dataset.row) : -1;
  };
  const move = (by: number) => {
    const to = Math.max(0, Math.min(items.length - 1, focused() + by));
    rows.scrollToIndex(to);
    requestAnimationFrame(() => scroll.current?.querySelector<HTMLElement>(`[data-row="${to}"] a`)?.focus({ preventScroll: true }));
  };
  const here = (act: (item: Experiment) => void) => () => {
    const item = items[focused()];
    if (item) act(item);
  };
  useCommands([
    { id: "next", label: "Next experiment", group: "Experiments", keys: "j", hidden: true, run: () => move(1) },
    { id: "previous", label: "Previous experiment", group: "Experiments", keys: "k", hidden: true, run: () => move(-1) },
    { id: "select", label: "Select", group: "Experiments", keys: "x", hidden: true, run: here((item) => toggle(item.experiment_id)) },
    { id: "pin", label: "Pin to the sidebar", group: "Experiments", keys: "s", hidden: true, run: here(pin) },
    { id: "rename", label: "Rename", group: "Experiments", keys: "e", hidden: true, run: here((item) => setAsked({ what: "rename", item })) },
  ]);
  const shown = rows.getVirtualItems();
  const before = shown[0]?.start ?? 0;
  const after = rows.getTotalSize() - (shown.at(-1)?.end ?? 0);
  const every = items.length > 0 && items.every((item) => chosen.has(item.experiment_id));
  const head = (by: Sort, label: string, className = "") => (
    <th
      scope="col"
      className={className}
      aria-sort={order.by === by ? (order.descending ? "descending" : "ascending") : undefined}
    >
      <button type="button" className="sort" onClick={() => onSort(turned(order, by))}>
        {label}
        {order.by === by && <span aria-hidden="true"> {order.descending ? "↓" : "↑"}</span>}
      </button>
    </th>
  );
  return (
    <div className="page" ref={scroll} tabIndex={0}>
      <table className="list experiments" aria-rowcount={items.length + 1}>
        <thead>
          <tr>
            <th scope="col" className="tick">
              <input
                type="checkbox"
                aria-label="Select all that are listed"
                checked={every}
                onChange={() => onChoose(every ? new Set() : new Set(items.map((item) => item.experiment_id)))}
              />
            </th>
            {head("name", "Name")}
            {!deleted && head("runs", "Runs", "num")}
            {!deleted && head("running", "Running", "num wide")}
            {!deleted && head("last", "Last run", "")}
            {head("created", "Created", "wide")}
            <th scope="col" className="wide">
              Tags
            </th>
            <th scope="col">
              <span className="hidden-text">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {before > 0 && <tr aria-hidden="true" style={{ height: before }} />}
          {shown.map((row) => {
            const item = items[row.index]!;
            const id = item.experiment_id;
            const its = activity?.get(id);
            const isPinned = pinned.some((place) => place.kind === "experiment" && place.id === id);
            return (
              <tr key={id} data-row={row.index} data-chosen={chosen.has(id) ? "" : undefined} aria-rowindex={row.index + 2}>
                <td className="tick">
                  <input type="checkbox" aria-label={`Select ${item.name}`} checked={chosen.has(id)} onChange={() => toggle(id)} />
                </td>
                <td className="main-cell">
                  <span className="name-line">
                    <Link to="/experiments/$experimentId" params={{ experimentId: id }} className="row-link ellipsis" title={item.name}>
                      {item.name}
                    </Link>
                    {item.tags?.[NOTE_TAG] && (
                      <span className="muted ellipsis small wide" title={item.tags[NOTE_TAG]}>
                        {item.tags[NOTE_TAG].split("\n")[0]}
                      </span>
                    )}
                    <button
                      type="button"
                      className="button quiet icon pin push"
                      aria-pressed={isPinned}
                      aria-label={`Pin ${item.name} to the sidebar`}
                      onClick={() => pin(item)}
                    >
                      <Icon name="star" size={14} filled={isPinned} />
                    </button>
                  </span>
                </td>
                {!deleted && <td className="num">{its?.runs.toLocaleString("en")}</td>}
                {!deleted && <td className="num wide">{its && its.running > 0 && <span className="state info">{its.running}</span>}</td>}
                {!deleted && <td className="muted">{its?.last_start != null ? <Ago time={its.last_start} /> : its ? "none" : ""}</td>}
                <td className="muted wide">
                  <Ago time={item.creation_time} />
                </td>
                <td className="wide">
                  <TagChips tags={item.tags ?? {}} open={onTag} />
                </td>
                <td className="ends">
                  <ActionMenu
                    label={`What to do with ${item.name}`}
                    actions={
                      deleted
                        ? [{ label: "Restore", run: () => quietly(restoring(item)) }]
                        : [
                            { label: "Rename…", run: () => setAsked({ what: "rename", item }) },
                            { label: item.tags?.[NOTE_TAG] ? "Edit note…" : "Write a note…", run: () => setAsked({ what: "note", item }) },
                            { label: "Objective…", run: () => setAsked({ what: "objective", item }) },
                            { label: "Add a tag…", run: () => setAsked({ what: "tag", item }) },
                            { label: isPinned ? "Unpin" : "Pin to the sidebar", run: () => pin(item) },
                            ...(id === "0" ? [] : [{ label: "Delete", danger: true, run: () => quietly(deletion([item])) }]),
                          ]
                    }
                  />
                </td>
              </tr>
            );
          })}
          {after > 0 && <tr aria-hidden="true" style={{ height: after }} />}
        </tbody>
      </table>
      {asked?.what === "rename" && (
        <TextDialog
          title={`Rename ${asked.item.name}`}
          label="Name"
          value={asked.item.name}
          button="Rename"
          close={() => setAsked(null)}
          save={(name) => edit(renaming(asked.item, name.trim()))}
        />
      )}
      {asked?.what === "objective" && <ObjectiveDialog experiment={asked.item} close={() => setAsked(null)} />}
      {asked?.what === "note" && (
        <TextDialog
          title={`Note of ${asked.item.name}`}
          label="Markdown"
          value={asked.item.tags?.[NOTE_TAG] ?? ""}
          rows={10}
          button="Save"
          optional
          close={() => setAsked(null)}
          save={(text) => edit(tagging(asked.item, NOTE_TAG, text.trim(), `Changed the note of ${asked.item.name}.`))}
        />
      )}
      {asked?.what === "tag" && (
        <TextDialog
          title={`Tag ${asked.item.name}`}
          label="Tag"
          button="Add"
          hint={<p className="muted small">As key: value, such as team: vision.</p>}
          close={() => setAsked(null)}
          save={(text) => {
            const cut = text.indexOf(":");
            const key = (cut < 0 ? text : text.slice(0, cut)).trim();
            return edit(tagging(asked.item, key, cut < 0 ? "" : text.slice(cut + 1).trim(), `Tagged ${asked.item.name}.`));
          }}
        />
      )}
    </div>
  );
}

function TagChips({ tags, open }: { tags: Record<string, string>; open: (tag: string) => void }) {
  const own = Object.entries(tags).filter(([key]) => !isReserved(key));
  return (
    <span className="chips">
      {own.slice(0, 3).map(([key, value]) => (
        <button
          key={key}
          type="button"
          className="chip"
          title={`Only those with ${key}: ${value}`}
          onClick={() => open(`${key}=${value}`)}
        >
          <span className="ellipsis">{value ? `${key}: ${value}` : key}</span>
        </button>
      ))}
      {own.length > 3 && <span className="muted small">+{own.length - 3}</span>}
    </span>
  );
}
