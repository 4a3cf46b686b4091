/** Experiments of DVC: what each changed, what came of it, beside the commit that it began at. */

import type { UseQueryResult } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import type { ExperimentRow, ExperimentTable } from "../../api/repository";
import { type Search, withParam } from "../../lib/address";
import { direction } from "../../lib/columns";
import { formatCount } from "../../lib/format";
import { notify } from "../../lib/notices";
import * as trials from "../../lib/trials";
import { writeClipboard } from "../copy";
import { Empty, Failure, SkeletonRows } from "../feedback";
import { Icon } from "../icons";
import { Ago } from "../marks";
import { ActionMenu, Menu } from "../menu";
import { SearchField } from "../searchfield";
import { NoExperiments } from "./begin";
import { SortHead } from "./sorthead";

export function Experiments({ query, head }: { query: UseQueryResult<ExperimentTable>; head: string }) {
  if (query.isError) return <Failure what="The experiments could not be read." error={query.error} retry={() => void query.refetch()} />;
  if (!query.data) return <SkeletonRows rows={10} />;
  const isEmpty = query.data.revisions.every((row) => row.kind === "workspace" || row.kind === "commit");
  if (isEmpty) {
    return (
      <div className="page" tabIndex={0}>
        <NoExperiments />
      </div>
    );
  }
  return <Table table={query.data} head={head} />;
}

function Table({ table, head }: { table: ExperimentTable; head: string }) {
  const search: Search = useSearch({ from: "/pipelines" });
  const navigate = useNavigate({ from: "/pipelines" });
  const set = (name: string, value: string) => void navigate({ search: withParam(search, name, value), replace: true });
  const { q = "", sort = "" } = search;
  const all = useMemo(() => trials.columnsOf(table), [table]);
  const columns = useMemo(() => trials.shownColumns(all, search.cols), [all, search.cols]);
  const bases = useMemo(() => trials.baselines(table.revisions, head), [table, head]);
  const best = useMemo(() => trials.bestOf(table.revisions, columns), [table, columns]);
  const order = trials.sortOf(sort);
  const flat = search.group === "none";
  const isTrial = (row: ExperimentRow) => row.kind !== "workspace" && row.kind !== "commit";
  const found = new Set(trials.filtered(table.revisions, q, all));
  const groups = flat
    ? []
    : trials
        .groupsOf(table.revisions)
        .map((group) => ({ ...group, rows: trials.ordered(group.rows.filter((row) => found.has(row)), order, all) }))
        .filter((group) => group.rows.length > 0 || found.has(group.head));
  const list = flat ? trials.ordered(table.revisions.filter((row) => found.has(row)), order, all) : [];
  const count = table.revisions.filter(isTrial).length;
  const shown = table.revisions.filter((row) => isTrial(row) && found.has(row)).length;
  const row = (each: ExperimentRow, nested: boolean) => (
    <Row key={`${each.kind} ${each.rev} ${each.name}`} row={each} base={bases.get(each)} columns={columns} best={best} nested={nested} />
  );
  const sorting = { sort, onSort: (next: string) => set("sort", next) };
  return (
    <>
      <div className="bar wraps-bar">
        <SearchField label="Search experiments" placeholder="Search by name, message, commit or param=value" value={q} change={(text) => set("q", text)} />
        <div className="bar-buttons">
          <ColumnMenu all={all} columns={columns} chosen={search.cols !== undefined} onChange={(next) => set("cols", next === null ? "" : trials.columnsText(next) || "none")} />
          <span className="segments" role="group" aria-label="Rows">
            <button type="button" aria-pressed={!flat} onClick={() => set("group", "")}>
              By commit
            </button>
            <button type="button" aria-pressed={flat} onClick={() => set("group", "none")}>
              One list
            </button>
          </span>
        </div>
      </div>
      <div className="state-line" role="status">
        <span>
          {q ? `${shown.toLocaleString("en")} of ` : ""}
          {formatCount(count, "experiment")}
        </span>
        <span className="state info">{moving(table.revisions)}</span>
        <span className="muted push wide">
          <span className="param-changed">tinted</span> params differ from the baseline, <span className="best">green</span> is best
        </span>
      </div>
      {found.size === 0 || (groups.length === 0 && list.length === 0) ? (
        <Empty title={`No experiment fits “${q}”.`}>
          <button type="button" className="button" onClick={() => set("q", "")}>
            Clear the search
          </button>
        </Empty>
      ) : (
        <div className="page trials-page" tabIndex={0} role="region" aria-label="Table of experiments">
          <table className="list trials">
            <thead>
              <tr>
                <SortHead {...sorting} column="name" className="trial-name">Experiment</SortHead>
                <SortHead {...sorting} column="at" descendsFirst>Created</SortHead>
                {columns.map((column) => (
                  <SortHead
                    {...sorting}
                    key={column.id}
                    column={column.id}
                    title={column.title}
                    {...(column.numeric ? { className: column.kind === "metric" ? "num with-step" : "num" } : {})}
                    descendsFirst={column.kind === "metric" && direction(column.key) >= 0}
                  >
                    {column.label}
                  </SortHead>
                ))}
                <th scope="col">
                  <span className="hidden-text">What can be done</span>
                </th>
              </tr>
            </thead>
            {flat ? (
              <tbody>{list.map((each) => row(each, false))}</tbody>
            ) : (
              groups.map((group) => (
                <tbody key={`${group.head.kind} ${group.head.rev} ${group.head.name}`} data-faded={found.has(group.head) ? undefined : ""}>
                  {row(group.head, false)}
                  {group.rows.map((each) => row(each, true))}
                </tbody>
              ))
            )}
          </table>
          {table.truncated && <p className="muted pad">Only the newest commits with experiments are listed; <code>treering exp show</code> lists others.</p>}
        </div>
      )}
    </>
  );
}

function moving(rows: readonly ExperimentRow[]): string {
  const count = (kind: string) => rows.filter((row) => row.kind === kind).length;
  const [running, queued] = [count("running"), count("queued")];
  return [running > 0 && `${running} running`, queued > 0 && `${queued} queued`].filter(Boolean).join(", ");
}

interface RowProps {
  row: ExperimentRow;
  base: ExperimentRow | undefined;
  columns: readonly trials.Column[];
  best: ReadonlyMap<string, number>;
  nested: boolean;
}

function Row({ row, base, columns, best, nested }: RowProps) {
  return (
    <tr data-kind={row.kind} data-nested={nested || undefined}>
      <td className="trial-name">
        <Name row={row} />
      </td>
      <td className="muted">{row.at !== null && <Ago time={row.at} />}</td>
      {row.problem ? (
        <td className="muted" colSpan={columns.length} title={row.problem}>
          <span className="trial-problem">{row.problem}</span>
        </td>
      ) : (
        columns.map((column) => <Cell key={column.id} row={row} base={base} column={column} best={best.get(column.id)} />)
      )}
      <td className="trial-menu">
        <RowMenu row={row} />
      </td>
    </tr>
  );
}

const STATES: Record<string, { word: string; tone: string }> = {
  queued: { word: "Queued", tone: "info" },
  running: { word: "Running", tone: "info" },
  failed: { word: "Failed", tone: "err" },
};

function Name({ row }: { row: ExperimentRow }) {
  const state = STATES[row.kind];
  const name = trials.nameOf(row);
  const title = [row.message, row.author, row.rev].filter(Boolean).join("\n");
  return (
    <span className="trial-title" title={title}>
      {row.kind === "commit" && <Icon name="branch" size={14} />}
      {row.run_id ? (
        <Link to="/runs/$runId" params={{ runId: row.run_id }} className="link ellipsis">
          {name}
        </Link>
      ) : (
        <span className="ellipsis">{name}</span>
      )}
      {row.rev && row.name && <code className="muted">{row.rev.slice(0, 7)}</code>}
      {row.kind === "commit" && <span className="muted ellipsis trial-message">{row.message}</span>}
      {state && (
        <span className={`state small ${state.tone}`} title={row.executor}>
          {state.word}
        </span>
      )}
    </span>
  );
}

function Cell({ row, base, column, best }: { row: ExperimentRow; base: ExperimentRow | undefined; column: trials.Column; best: number | undefined }) {
  const value = trials.valueOf(row, column);
  const text = trials.shownValue(value, column.kind);
  const changed = trials.isChanged(row, base, column);
  const step = trials.stepFrom(row, base, column);
  const before = changed && base ? trials.shownValue(trials.valueOf(base, column), column.kind) || "nothing" : "";
  const title = changed ? `${String(value ?? "nothing")}; ${before} at the baseline` : typeof value === "number" ? String(value) : text;
  const shown = (
    <span className={changed ? "param-changed" : value === best && best !== undefined ? "best" : undefined}>
      {text}
      {changed && <span className="hidden-text"> changed from {before}</span>}
    </span>
  );
  return (
    <td className={column.numeric ? "num" : "trial-text"} title={title}>
      {shown}
      {column.kind === "metric" && column.numeric && <span className={`trial-step state ${step?.tone ?? ""}`}>{step?.text}</span>}
    </td>
  );
}

function RowMenu({ row }: { row: ExperimentRow }) {
  if (row.kind === "workspace") return null;
  const name = trials.nameOf(row);
  const copy = (label: string, text: string) => ({
    label,
    run: () => void writeClipboard(text).then(() => notify({ text: `Copied: ${text}`, kind: "done" })),
  });
  const actions = [
    copy("Copy the command to go back to it", trials.applyCommand(row)),
    ...(row.kind === "experiment" ? [copy("Copy the command that makes a branch of it", `treering exp branch ${name} ${name}-branch`)] : []),
    ...(row.kind === "experiment" ? [copy("Copy the command that compares it with the working tree", `treering exp diff ${name}`)] : []),
    ...(row.kind === "queued" ? [copy("Copy the command that starts the queue", "treering exp queue start")] : []),
    ...(row.kind === "failed" || row.kind === "running" ? [copy("Copy the command that shows its log", `treering exp queue logs ${name}`)] : []),
    ...(row.rev ? [copy("Copy the commit", row.rev)] : []),
  ];
  return <ActionMenu label={`What can be done with ${name}`} actions={actions} />;
}

interface ColumnProps {
  all: readonly trials.Column[];
  columns: readonly trials.Column[];
  chosen: boolean;
  onChange: (columns: trials.Column[] | null) => void;
}

function ColumnMenu({ all, columns, chosen, onChange }: ColumnProps) {
  const shown = new Set(columns.map((column) => column.id));
  const toggle = (column: trials.Column) => onChange(all.filter((one) => (one.id === column.id ? !shown.has(one.id) : shown.has(one.id))));
  return (
    <Menu label={`Columns ${columns.length + 2}`}>
      <div className="line column-tools">
        <button type="button" className="button quiet" onClick={() => onChange([...all])}>
          All
        </button>
        <button type="button" className="button quiet" onClick={() => onChange(all.filter((column) => column.varies))}>
          Those that differ
        </button>
        {chosen && (
          <button type="button" className="button quiet" onClick={() => onChange(null)}>
            As at first
          </button>
        )}
      </div>
      {(["metric", "param"] as const).map((kind) => {
        const offers = all.filter((column) => column.kind === kind);
        if (offers.length === 0) return null;
        const title = kind === "metric" ? "Metrics" : "Params";
        return (
          <div key={kind} role="group" aria-label={title}>
            <p className="menu-title">
              {title} {offers.length}
            </p>
            {offers.map((column) => (
              <label key={column.id} title={column.title}>
                <input type="checkbox" checked={shown.has(column.id)} onChange={() => toggle(column)} />
                <span className="ellipsis">{column.label}</span>
                {!column.varies && <span className="muted small push">all the same</span>}
              </label>
            ))}
          </div>
        );
      })}
    </Menu>
  );
}
