/** A card with a text in Markdown that a user wrote, and may change in place. */

import { type ReactNode, useState } from "react";
import { messageOf } from "../lib/edits";
import { Card } from "./card";
import { Markdown } from "./markdown";

interface NoteProps {
  title: string;
  text: string;
  /** What to say where there is none. */
  empty: ReactNode;
  save: (text: string) => Promise<unknown>;
}

export function NoteCard({ title, text, empty, save }: NoteProps) {
  const [draft, setDraft] = useState<string | null>(null);
  return (
    <Card
      title={title}
      actions={
        draft === null && (
          <button type="button" className="button quiet" onClick={() => setDraft(text)}>
            {text ? "Edit" : "Write"}
          </button>
        )
      }
    >
      {draft !== null ? (
        <Editor title={title} draft={draft} change={setDraft} save={save} close={() => setDraft(null)} />
      ) : text ? (
        <div className="pad">
          <Markdown text={text} label={title} />
        </div>
      ) : (
        <p className="muted pad">{empty}</p>
      )}
    </Card>
  );
}

interface EditorProps {
  title: string;
  draft: string;
  change: (text: string) => void;
  save: (text: string) => Promise<unknown>;
  close: () => void;
}

function Editor({ title, draft, change, save, close }: EditorProps) {
  const [preview, setPreview] = useState(false);
  const [wrong, setWrong] = useState("");
  const submit = () => {
    save(draft.trim())
      .then(close)
      .catch((error: unknown) => setWrong(messageOf(error)));
  };
  return (
    <form
      className="stack pad"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      {preview ? (
        <Markdown text={draft} label="Preview" />
      ) : (
        <textarea
          autoFocus
          className="field area"
          rows={Math.min(20, Math.max(6, draft.split("\n").length + 1))}
          aria-label={`${title}, in Markdown`}
          placeholder="Markdown"
          value={draft}
          onChange={(event) => change(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === "Escape") close();
            if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit();
          }}
        />
      )}
      {wrong && (
        <p className="state err wraps" role="alert">
          {wrong}
        </p>
      )}
      <div className="line">
        <button type="submit" className="button primary">
          Save
        </button>
        <button type="button" className="button" onClick={close}>
          Cancel
        </button>
        <button type="button" className="button quiet push" aria-pressed={preview} onClick={() => setPreview(!preview)}>
          {preview ? "Write" : "Preview"}
        </button>
      </div>
    </form>
  );
}
