/** A user's tags as chips: one click changes one, a cross takes it away, a form adds one. */

import { type FormEvent, useState } from "react";
import { messageOf } from "../lib/edits";
import { isReserved } from "../lib/tags";
import { Card } from "./card";
import { Icon } from "./icons";

interface Props {
  tags: Record<string, string>;
  /** Sets a tag, or with null takes it away. */
  set: (key: string, value: string | null) => Promise<unknown>;
  empty: string;
}

export function TagsCard({ tags, set, empty }: Props) {
  const [edited, setEdited] = useState<{ key: string; value: string; fresh: boolean } | null>(null);
  const [wrong, setWrong] = useState("");
  const own = Object.entries(tags)
    .filter(([key]) => !isReserved(key))
    .sort(([a], [b]) => a.localeCompare(b));
  const act = (key: string, value: string | null) => {
    setWrong("");
    set(key, value)
      .then(() => setEdited(null))
      .catch((error: unknown) => setWrong(messageOf(error)));
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (edited?.key.trim()) act(edited.key.trim(), edited.value);
  };
  return (
    <Card
      title="Tags"
      count={own.length}
      actions={
        <button
          type="button"
          className="button quiet"
          onClick={() => setEdited({ key: "", value: "", fresh: true })}
        >
          Add tag
        </button>
      }
    >
      <div className="stack pad">
        {own.length === 0 && !edited && <p className="muted">{empty}</p>}
        {own.length > 0 && (
          <ul className="chips">
            {own.map(([key, value]) => (
              <li key={key} className="chip edits">
                <button
                  type="button"
                  className="ellipsis"
                  title={`Change ${key}`}
                  onClick={() => setEdited({ key, value, fresh: false })}
                >
                  {value ? `${key}: ${value}` : key}
                </button>
                <button type="button" aria-label={`Remove tag ${key}`} onClick={() => act(key, null)}>
                  <Icon name="cross" size={12} />
                </button>
              </li>
            ))}
          </ul>
        )}
        {edited && (
          <form className="line" onSubmit={submit} onKeyDown={(event) => event.key === "Escape" && setEdited(null)}>
            <input
              type="text"
              className="field"
              aria-label="Key of the tag"
              placeholder="Key"
              autoFocus={edited.fresh}
              readOnly={!edited.fresh}
              value={edited.key}
              onChange={(event) => setEdited({ ...edited, key: event.target.value })}
            />
            <input
              type="text"
              className="field grow"
              aria-label="Value of the tag"
              placeholder="Value"
              autoFocus={!edited.fresh}
              value={edited.value}
              onChange={(event) => setEdited({ ...edited, value: event.target.value })}
            />
            <button type="submit" className="button primary" disabled={!edited.key.trim()}>
              Save
            </button>
          </form>
        )}
        {wrong && (
          <p className="state err wraps" role="alert">
            {wrong}
          </p>
        )}
      </div>
    </Card>
  );
}
