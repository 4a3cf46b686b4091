/** What was said of a version: the outcomes of its checks, and what people remarked. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { annotate, checksQuery, type Note, notesQuery } from "../../api/governance";
import type { ModelVersion } from "../../api/types";
import { useEdit } from "../../lib/edits";
import { Card } from "../card";
import { Failure, SkeletonRows } from "../feedback";
import { TextDialog } from "../forms";
import { Markdown } from "../markdown";
import { Ago } from "../marks";

export function VersionChecksCard({ version }: { version: ModelVersion }) {
  const query = useQuery(checksQuery(version.name, version.version));
  const checks = query.data ?? [];
  if (query.isError) return <Failure what="The checks could not be read." error={query.error} retry={() => void query.refetch()} />;
  if (checks.length === 0) return null;
  return (
    <Card title="Checks" count={checks.length}>
      <ul className="rows">
        {checks.map((item) => (
          <li key={item.check}>
            <span className="history-what">
              <span className={item.passed ? "state ok" : "state err"}>{item.passed ? "passed" : "failed"}</span> {item.check}
              {item.detail && <span className="muted history-why">{item.detail}</span>}
            </span>
            <span className="push muted">
              {item.run_id && (
                <>
                  <Link to="/runs/$runId" params={{ runId: item.run_id }} className="link">
                    run
                  </Link>{" "}
                  ·{" "}
                </>
              )}
              <Ago time={item.time} />
            </span>
          </li>
        ))}
      </ul>
    </Card>
  );
}

export function NotesCard({ version }: { version: ModelVersion }) {
  const query = useQuery(notesQuery(version.name, version.version));
  const [answered, setAnswered] = useState<Note | "new" | null>(null);
  const edit = useEdit();
  const notes = query.data ?? [];
  const threads = notes.filter((note) => note.reply_to === "");
  return (
    <Card
      title="Notes"
      {...(query.data ? { count: notes.length } : {})}
      actions={
        <button type="button" className="button quiet" onClick={() => setAnswered("new")}>
          Add a note
        </button>
      }
    >
      {query.isError ? (
        <Failure what="The notes could not be read." error={query.error} retry={() => void query.refetch()} />
      ) : query.isPending ? (
        <SkeletonRows rows={2} />
      ) : threads.length === 0 ? (
        <p className="muted pad">What reviewers found, and what to look out for. Nobody has remarked on this version yet.</p>
      ) : (
        <ul className="threads">
          {threads.map((note) => (
            <li key={note.note_id}>
              <Remark note={note} />
              {notes
                .filter((answer) => answer.reply_to === note.note_id)
                .map((answer) => (
                  <div key={answer.note_id} className="answer">
                    <Remark note={answer} />
                  </div>
                ))}
              <button type="button" className="button quiet" onClick={() => setAnswered(note)}>
                Answer
              </button>
            </li>
          ))}
        </ul>
      )}
      {answered !== null && (
        <TextDialog
          title={answered === "new" ? `Note on ${version.name} v${version.version}` : `Answer to ${answered.user || "somebody"}`}
          label="Markdown"
          rows={6}
          button="Add"
          close={() => setAnswered(null)}
          save={(text) =>
            edit({
              said: "Added the note.",
              act: () => annotate(version.name, version.version, text.trim(), answered === "new" ? "" : answered.note_id),
              touches: [["notes", version.name, version.version], ["model-card", version.name], ["history"]],
            })
          }
        />
      )}
    </Card>
  );
}

function Remark({ note }: { note: Note }) {
  return (
    <>
      <div className="small">
        <span className="strong">{note.user || "somebody"}</span>{" "}
        <span className="muted">
          <Ago time={note.time} />
        </span>
      </div>
      <Markdown text={note.text} label={`Note of ${note.user || "somebody"}`} />
    </>
  );
}
