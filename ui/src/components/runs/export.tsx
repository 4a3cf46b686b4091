/** The runs that match, or those that are selected, as a file: fetched in pages, with what is shown of them. */

import { useEffect, useRef, useState } from "react";
import { everyRow } from "../../api/runs";
import { csvLine } from "../../lib/csvline";
import { columnOf, type ColumnId, columnTitle, IN_EVERY_ROW } from "../../lib/columns";
import { formatCount } from "../../lib/format";
import type { RunItem } from "../../lib/rowmodel";
import { Dialog } from "../dialog";
import { scopesOf, type Target } from "./actions";
import { saveFile } from "../../lib/saving";

interface Props {
  target: Target;
  count: number;
  order: readonly string[];
  columns: readonly ColumnId[];
  name: string;
  close: () => void;
}

type Format = "csv" | "json";
type Value = string | number | boolean | null;

export function ExportDialog({ target, count, order, columns, name, close }: Props) {
  const [format, setFormat] = useState<Format>("csv");
  const [done, setDone] = useState<number | null>(null);
  const [error, setError] = useState("");
  const controller = useRef<AbortController | null>(null);
  useEffect(() => () => controller.current?.abort(), []);

  const start = async () => {
    const control = new AbortController();
    controller.current = control;
    setError("");
    setDone(0);
    try {
      const parts = await collect({ target, order, columns, format, signal: control.signal, progress: setDone });
      const kind = format === "csv" ? "text/csv" : "application/json";
      saveFile(new Blob(parts, { type: kind }), `${name.replace(/[^\w.-]+/g, "-") || "runs"}.${format}`);
      close();
    } catch (failure) {
      if (control.signal.aborted) return;
      setDone(null);
      setError(failure instanceof Error ? failure.message : String(failure));
    }
  };
  const cancel = () => {
    controller.current?.abort();
    setDone(null);
  };
  const busy = done !== null;
  const buttons = busy ? (
    <button type="button" className="button" onClick={cancel}>
      Cancel
    </button>
  ) : (
    <button type="submit" className="button primary">
      Export {formatCount(count, "run")}
    </button>
  );
  return (
    <Dialog title="Export runs" close={close} actions={buttons} onSubmit={() => void start()}>
      <div className="segments" role="group" aria-label="Format">
        {(["csv", "json"] as const).map((kind) => (
          <button key={kind} type="button" aria-pressed={format === kind} disabled={busy} onClick={() => setFormat(kind)}>
            {kind.toUpperCase()}
          </button>
        ))}
      </div>
      <p className="muted">Id, name, state, times and the columns that are shown, in the order that is shown, with full precision.</p>
      {busy && (
        <label>
          {done.toLocaleString("en")} of {formatCount(count, "run")}
          <progress max={Math.max(1, count)} value={done} />
        </label>
      )}
      {error && <p role="alert">{error}</p>}
    </Dialog>
  );
}

interface Work {
  target: Target;
  order: readonly string[];
  columns: readonly ColumnId[];
  format: Format;
  signal: AbortSignal;
  progress: (done: number) => void;
}

async function collect({ target, order, columns, format, signal, progress }: Work): Promise<string[]> {
  const shown = columns.filter((id) => columnOf(id).figure !== "line" && !IN_EVERY_ROW.has(id));
  const heads = ["run_id", "run_name", "status", "experiment_id", "user_id", "start_time", "end_time", ...shown];
  const parts: string[] = format === "csv" ? [csvLine(heads.map((id) => (id.includes(".") ? id : columnTitle(id))))] : ["[\n"];
  const { selection } = target;
  let done = 0;
  for (const scope of scopesOf(target)) {
    for await (const { items } of everyRow(scope, order, shown, signal)) {
      for (const item of items) {
        if (selection.all && selection.except.has(item.key)) continue;
        const values = valuesOf(item, shown);
        if (format === "csv") parts.push(csvLine(values));
        else parts.push(`${done > 0 ? ",\n" : ""}${JSON.stringify(Object.fromEntries(heads.map((head, at) => [head, values[at]])))}`);
        done += 1;
      }
      progress(done);
    }
  }
  if (format === "json") parts.push("\n]\n");
  return parts;
}

function valuesOf(item: RunItem, shown: readonly ColumnId[]): Value[] {
  const time = (milliseconds: number | null) => (milliseconds === null ? null : new Date(milliseconds).toISOString());
  const own = [item.key, item.name, item.status, item.experimentId, item.user, time(item.start), time(item.end)];
  return [...own, ...shown.map((id) => item.cells[id] ?? null)];
}
