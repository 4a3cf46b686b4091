/** Windows for what needs more than a click: tags of one or of many runs, a note, a name. */

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { NOTE_TAG, runQuery } from "../../api/runs";
import { formatCount } from "../../lib/format";
import type { RunItem } from "../../lib/rowmodel";
import { isReserved } from "../../lib/tags";
import { SkeletonRows } from "../index";
import { Dialog } from "../dialog";
import { Icon } from "../icons";
import { type RunActions, type Target, targetOf } from "./actions";

interface TagsProps {
  item: RunItem;
  actions: RunActions;
  close: () => void;
}

/** All tags that a user has given one run. */
export function TagsDialog({ item, actions, close }: TagsProps) {
  const run = useQuery(runQuery(item.key));
  return (
    <Dialog title={`Tags of ${item.name}`} close={close}>
      {run.data ? (
        <TagRows key={item.key} tags={run.data.tags} item={item} actions={actions} close={close} />
      ) : (
        <SkeletonRows rows={3} />
      )}
    </Dialog>
  );
}

function TagRows({ tags, item, actions, close }: TagsProps & { tags: Readonly<Record<string, string>> }) {
  const given = Object.entries(tags).filter(([key]) => !isReserved(key)).sort(([a], [b]) => a.localeCompare(b));
  const [rows, setRows] = useState<readonly (readonly [string, string])[]>([...given, ["", ""]]);
  const change = (at: number, pair: readonly [string, string]) => {
    const next = rows.map((row, index) => (index === at ? pair : row));
    setRows(next.at(-1)?.[0] ? [...next, ["", ""]] : next);
  };
  const save = async () => {
    const wanted = new Map(rows.filter(([key]) => key.trim() !== "").map(([key, value]) => [key.trim(), value]));
    const gone = given.filter(([key]) => !wanted.has(key)).map(([key]) => key);
    const set = [...wanted].filter(([key, value]) => tags[key] !== value);
    if (gone.length > 0) await actions.deleteTags(targetOf(item), gone);
    if (set.length > 0) await actions.setTags(targetOf(item), Object.fromEntries(set));
    close();
  };
  return (
    <>
      {rows.map(([key, value], at) => (
        <div key={at} className="tag-row">
          <input className="field" aria-label={`Key ${at + 1}`} placeholder="key" value={key} autoFocus={at === 0} onChange={(event) => change(at, [event.target.value, value])} />
          <input className="field" aria-label={`Value ${at + 1}`} placeholder="value" value={value} onChange={(event) => change(at, [key, event.target.value])} />
          <button type="button" className="button quiet icon" aria-label={`Remove ${key || "this line"}`} onClick={() => setRows(rows.length > 1 ? rows.filter((_, index) => index !== at) : [["", ""]])}>
            <Icon name="cross" size={14} />
          </button>
        </div>
      ))}
      <div className="dialog-actions">
        <button type="button" className="button" onClick={close}>
          Cancel
        </button>
        <button type="submit" className="button primary" onClick={() => void save()}>
          Save tags
        </button>
      </div>
    </>
  );
}

/** One tag of many runs. */
export function BulkTagDialog({ target, count, actions, close }: { target: Target; count: number; actions: RunActions; close: () => void }) {
  const [key, setKey] = useState("");
  const [value, setValue] = useState("");
  const runs = formatCount(count, "run");
  const name = key.trim();
  const set = () => {
    if (!name) return;
    void actions.setTags(target, { [name]: value });
    close();
  };
  const remove = () => {
    void actions.deleteTags(target, [name]);
    close();
  };
  const buttons = (
    <>
      <button type="button" className="button" disabled={!name} onClick={remove}>
        Remove from {runs}
      </button>
      <button type="submit" className="button primary" disabled={!name}>
        Set for {runs}
      </button>
    </>
  );
  return (
    <Dialog title={`Tag ${runs}`} close={close} actions={buttons} onSubmit={set}>
      <label>
        Key
        <input className="field" value={key} autoFocus onChange={(event) => setKey(event.target.value)} />
      </label>
      <label>
        Value
        <input className="field" value={value} onChange={(event) => setValue(event.target.value)} />
      </label>
    </Dialog>
  );
}

/** The note of a run, in Markdown. */
export function NoteDialog({ item, actions, close }: TagsProps) {
  const run = useQuery(runQuery(item.key));
  return run.data ? (
    <NoteForm key={item.key} item={item} actions={actions} close={close} note={run.data.tags[NOTE_TAG] ?? ""} />
  ) : (
    <Dialog title={`Note of ${item.name}`} close={close}>
      <SkeletonRows rows={3} />
    </Dialog>
  );
}

function NoteForm({ item, actions, close, note }: TagsProps & { note: string }) {
  const [text, setText] = useState(note);
  const save = () => {
    if (text !== note) void actions.setNote(item, text);
    close();
  };
  const buttons = (
    <>
      <button type="button" className="button" onClick={close}>
        Cancel
      </button>
      <button type="submit" className="button primary">
        Save note
      </button>
    </>
  );
  return (
    <Dialog title={`Note of ${item.name}`} close={close} actions={buttons} onSubmit={save}>
      <label>
        Markdown
        <textarea className="field note-field" rows={10} value={text} autoFocus onChange={(event) => setText(event.target.value)} />
      </label>
    </Dialog>
  );
}

/** A name, for a saved view. */
export function NameDialog({ title, name, save, close }: { title: string; name: string; save: (name: string) => void; close: () => void }) {
  const [text, setText] = useState(name);
  const submit = () => {
    if (!text.trim()) return;
    save(text.trim());
    close();
  };
  const buttons = (
    <button type="submit" className="button primary" disabled={!text.trim()}>
      Save
    </button>
  );
  return (
    <Dialog title={title} close={close} actions={buttons} onSubmit={submit}>
      <label>
        Name
        <input className="field" value={text} maxLength={200} autoFocus onChange={(event) => setText(event.target.value)} />
      </label>
    </Dialog>
  );
}
