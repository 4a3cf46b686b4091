/** The tags that people gave a run, to add, change and remove in place. */

import { type FormEvent, useState } from "react";
import { useRunEdits } from "../../api/runpage";
import type { Run } from "../../api/types";
import { useCommands } from "../../lib/commands";
import { isReserved } from "../../lib/tags";
import { Card } from "../card";
import { Icon } from "../icons";

export function TagsCard({ run }: { run: Run }) {
  const [editing, setEditing] = useState<string | null>(null);
  const edits = useRunEdits(run);
  const tags = Object.entries(run.tags)
    .filter(([key]) => !isReserved(key))
    .sort(([a], [b]) => a.localeCompare(b));
  useCommands([{ id: "add tag", label: "Add a tag", group: "Run", keys: "e", run: () => setEditing("") }]);
  const save = async (key: string, value: string) => {
    if (run.tags[key] === value) return setEditing(null);
    if (await edits.setTag(key, value, `Tag ${key} was set.`)) setEditing(null);
  };
  return (
    <Card title="Tags" count={tags.length}>
      <ul className="rows tags">
        {tags.map(([key, value]) =>
          editing === key ? (
            <li key={key}>
              <TagForm name={key} value={value} save={save} close={() => setEditing(null)} />
            </li>
          ) : (
            <li key={key}>
              <span className="tag-key ellipsis" title={key}>
                {key}
              </span>
              <span className="tag-value">{value}</span>
              <span className="push tag-buttons">
                <button type="button" className="button quiet" onClick={() => setEditing(key)} aria-label={`Change tag ${key}`}>
                  Change
                </button>
                <button
                  type="button"
                  className="button quiet icon"
                  aria-label={`Remove tag ${key}`}
                  onClick={() => void edits.setTag(key, undefined, `Tag ${key} was removed.`)}
                >
                  <Icon name="cross" size={14} />
                </button>
              </span>
            </li>
          ),
        )}
        <li>
          {editing === "" ? (
            <TagForm name="" value="" save={save} close={() => setEditing(null)} />
          ) : (
            <button type="button" className="button quiet" onClick={() => setEditing("")}>
              Add a tag
            </button>
          )}
        </li>
      </ul>
    </Card>
  );
}

function TagForm({ name, value, save, close }: { name: string; value: string; save: (key: string, value: string) => Promise<void>; close: () => void }) {
  const [key, setKey] = useState(name);
  const [text, setText] = useState(value);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (key.trim()) void save(key.trim(), text);
  };
  return (
    <form className="tag-form" onSubmit={submit} onKeyDown={(event) => event.key === "Escape" && close()}>
      {name === "" ? (
        <input className="field" aria-label="Name of the tag" placeholder="Name" value={key} autoFocus onChange={(event) => setKey(event.target.value)} />
      ) : (
        <span className="tag-key ellipsis">{name}</span>
      )}
      <input className="field" aria-label="Value of the tag" placeholder="Value" value={text} autoFocus={name !== ""} onChange={(event) => setText(event.target.value)} />
      <button type="submit" className="button primary" disabled={key.trim() === ""}>
        Save
      </button>
      <button type="button" className="button" onClick={close}>
        Cancel
      </button>
    </form>
  );
}
