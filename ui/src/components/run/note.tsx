/** The note of a run, in Markdown, written and shown in the same place. */

import { useState } from "react";
import { useRunEdits } from "../../api/runpage";
import { NOTE_TAG } from "../../api/runs";
import type { Run } from "../../api/types";
import { useCommands } from "../../lib/commands";
import { Card } from "../card";
import { Markdown } from "../markdown";

export function NoteCard({ run }: { run: Run }) {
  const note = run.tags[NOTE_TAG] ?? "";
  const [draft, setDraft] = useState<string | null>(null);
  const edits = useRunEdits(run);
  useCommands([{ id: "edit note", label: "Edit the note", group: "Run", keys: "n", run: () => setDraft(note) }]);
  const save = async () => {
    if (draft === null || draft === note) return setDraft(null);
    const said = draft === "" ? "The note was removed." : "The note was saved.";
    if (await edits.setTag(NOTE_TAG, draft === "" ? undefined : draft, said)) setDraft(null);
  };
  return (
    <Card title="Note">
      {draft !== null ? (
        <Editor draft={draft} setDraft={setDraft} save={() => void save()} />
      ) : note ? (
        <div className="note">
          <Markdown text={note} label="Note" />
          <button type="button" className="button" onClick={() => setDraft(note)}>
            Edit note
          </button>
        </div>
      ) : (
        <div className="note">
          <p className="muted">What was tried here, and what came of it? Markdown is understood.</p>
          <button type="button" className="button" onClick={() => setDraft("")}>
            Write a note
          </button>
        </div>
      )}
    </Card>
  );
}

function Editor({ draft, setDraft, save }: { draft: string; setDraft: (draft: string | null) => void; save: () => void }) {
  const [preview, setPreview] = useState(false);
  return (
    <div className="note">
      <span className="segments" role="group" aria-label="Note">
        <button type="button" aria-pressed={!preview} onClick={() => setPreview(false)}>
          Write
        </button>
        <button type="button" aria-pressed={preview} onClick={() => setPreview(true)}>
          Preview
        </button>
      </span>
      {preview ? (
        <Markdown text={draft} label="Preview of the note" />
      ) : (
        <textarea
          className="field note-text"
          aria-label="Note in Markdown"
          value={draft}
          autoFocus
          rows={10}
          onChange={(event) => setDraft(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === "Escape") setDraft(null);
            if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) save();
          }}
        />
      )}
      <div className="buttons">
        <button type="button" className="button primary" onClick={save}>
          Save note
        </button>
        <button type="button" className="button" onClick={() => setDraft(null)}>
          Cancel
        </button>
      </div>
    </div>
  );
}
