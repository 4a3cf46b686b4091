/** What stands above all parts of a run: its state, its name to change, and what can be done with it. */

import { Link, useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { useRunEdits } from "../../api/runpage";
import { PARENT_TAG } from "../../api/runs";
import type { Run } from "../../api/types";
import { useCommands } from "../../lib/commands";
import { formatDuration, formatTime } from "../../lib/format";
import { runWays } from "../../lib/runcode";
import { CodeButton } from "../codeways";
import { CopyId } from "../copy";
import { useNow } from "../feedback";
import { Ago, State } from "../marks";
import { Menu } from "../menu";
import { RegisterDialog } from "./register";

export function RunHead({ run }: { run: Run }) {
  const [doing, setDoing] = useState<"" | "rename" | "register">("");
  const edits = useRunEdits(run);
  const navigate = useNavigate();
  const deleted = run.lifecycle_stage === "deleted";
  const parent = run.tags[PARENT_TAG] ?? "";
  const compare = (ids: readonly string[]) => void navigate({ to: "/compare", search: { runs: ids.join(",") } });
  useCommands([
    { id: "rename run", label: "Rename the run", group: "Run", keys: "shift+R", run: () => setDoing("rename") },
    { id: "register model", label: "Register a model", group: "Run", run: () => setDoing("register") },
    deleted
      ? { id: "restore run", label: "Restore the run", group: "Run", run: () => void edits.restore() }
      : { id: "delete run", label: "Delete the run", group: "Run", run: () => void edits.remove() },
    { id: "compare run", label: "Compare the run with others", group: "Run", keys: "c", run: () => compare([run.run_id, ...(parent ? [parent] : [])]) },
  ]);
  return (
    <div className="facts">
      <State status={run.status} icon />
      {deleted && <span className="state warn">Deleted</span>}
      <Times run={run} />
      {run.user_id && (
        <span className="muted">
          by <span className="value">{run.user_id}</span>
        </span>
      )}
      <CopyId id={run.run_id} what="run id" />
      {doing === "rename" ? (
        <Rename run={run} close={() => setDoing("")} rename={edits.rename} />
      ) : (
        <span className="facts-actions">
          <button type="button" className="button" onClick={() => setDoing("rename")}>
            Rename
          </button>
          <button type="button" className="button" onClick={() => setDoing("register")}>
            Register model
          </button>
          <Menu label="Compare">
            <Link to="/compare" search={{ runs: run.run_id }} className="menu-item">
              With runs to choose
            </Link>
            {parent && (
              <Link to="/compare" search={{ runs: `${parent},${run.run_id}` }} className="menu-item">
                With its parent
              </Link>
            )}
          </Menu>
          <CodeButton title="This run" ways={runWays(location.origin, run.run_id)} />
          {deleted ? (
            <button type="button" className="button primary" onClick={() => void edits.restore()}>
              Restore
            </button>
          ) : (
            <button type="button" className="button" onClick={() => void edits.remove()}>
              Delete
            </button>
          )}
        </span>
      )}
      {doing === "register" && <RegisterDialog run={run} close={() => setDoing("")} />}
    </div>
  );
}

function Times({ run }: { run: Run }) {
  const now = useNow(1000);
  const end = run.end_time ?? now;
  return (
    <>
      <span className="muted" title={formatTime(run.start_time)}>
        Started{" "}
        <span className="value">
          <Ago time={run.start_time} />
        </span>
      </span>
      <span className="muted" title={run.end_time === null ? undefined : `Ended ${formatTime(run.end_time)}`}>
        {run.end_time === null ? "Running for" : "Took"} <span className="value">{formatDuration(end - run.start_time)}</span>
      </span>
    </>
  );
}

function Rename({ run, close, rename }: { run: Run; close: () => void; rename: (name: string) => Promise<boolean> }) {
  const [name, setName] = useState(run.run_name);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const wanted = name.trim();
    if (wanted === "" || wanted === run.run_name) close();
    else void rename(wanted).then((done) => done && close());
  };
  return (
    <form className="facts-actions" onSubmit={submit} onKeyDown={(event) => event.key === "Escape" && close()}>
      <input className="field" aria-label="Name of the run" value={name} autoFocus onChange={(event) => setName(event.target.value)} onFocus={(event) => event.target.select()} />
      <button type="submit" className="button primary">
        Save name
      </button>
      <button type="button" className="button" onClick={close}>
        Cancel
      </button>
    </form>
  );
}
