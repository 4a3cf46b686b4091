/** The versions of a model: what they measured, where they stand, and what can be done with them. */

import { useQueries } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { runQuery } from "../../api/runs";
import { deleteVersion, touchedBy } from "../../api/models";
import type { ModelVersion, RegisteredModel, Run } from "../../api/types";
import { direction, isSystem, rankMetrics } from "../../lib/columns";
import { useEdit } from "../../lib/edits";
import { formatNumber, toFloat } from "../../lib/format";
import { ConfirmDialog } from "../forms";
import { Ago, Stage } from "../marks";
import { ActionMenu } from "../menu";
import { AliasDialog, StageDialog } from "./dialogs";

/** Metrics are read for the newest versions only. */
const READ = 50;

interface Props {
  model: RegisteredModel;
  versions: readonly ModelVersion[];
  chosen: readonly number[];
  onChoose: (chosen: number[]) => void;
}

export function VersionTable({ model, versions, chosen, onChoose }: Props) {
  const [asked, setAsked] = useState<{ what: "alias" | "stage" | "delete"; version: ModelVersion } | null>(null);
  const runs = useSourceRuns(versions.slice(0, READ));
  const metrics = rankMetrics([...runs.values()]).filter((key) => !isSystem(key)).slice(0, 2);
  const best = metrics.map((key) => bestOf([...runs.values()], key));
  const edit = useEdit();
  const toggle = (number: number) =>
    onChoose(chosen.includes(number) ? chosen.filter((other) => other !== number) : [...chosen, number]);
  return (
    <>
      <div className="scrolls">
        <table className="list">
          <thead>
            <tr>
              <th scope="col" className="tick">
                <span className="hidden-text">Compare</span>
              </th>
              <th scope="col">Version</th>
              <th scope="col">Aliases</th>
              <th scope="col">Stage</th>
              {metrics.map((key) => (
                <th key={key} scope="col" className="num wide wrap" title={key}>
                  {key}
                </th>
              ))}
              <th scope="col" className="wide">
                Source run
              </th>
              <th scope="col" className="wide">
                Created
              </th>
              <th scope="col">
                <span className="hidden-text">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {versions.map((version) => {
              const run = runs.get(version.run_id ?? "");
              const number = version.version;
              return (
                <tr key={number} data-chosen={chosen.includes(number) ? "" : undefined}>
                  <td className="tick">
                    <input
                      type="checkbox"
                      aria-label={`Compare v${number}`}
                      checked={chosen.includes(number)}
                      onChange={() => toggle(number)}
                    />
                  </td>
                  <td>
                    <Link
                      to="/models/$name/versions/$version"
                      params={{ name: model.name, version: String(number) }}
                      className="row-link"
                      title={version.description || undefined}
                    >
                      v{number}
                    </Link>
                    {version.status !== "READY" && (
                      <span className="state warn small">{version.status.toLowerCase().replaceAll("_", " ")}</span>
                    )}
                  </td>
                  <td>
                    <Aliases aliases={version.aliases ?? []} />
                  </td>
                  <td>
                    <Stage stage={version.stage} />
                  </td>
                  {metrics.map((key, index) => {
                    const value = run?.metrics[key]?.last;
                    const shown = value === undefined ? NaN : toFloat(value);
                    return (
                      <td key={key} className={shown === best[index] ? "num wide strong" : "num wide"} title={value === undefined ? undefined : String(value)}>
                        {value === undefined ? "" : formatNumber(shown)}
                      </td>
                    );
                  })}
                  <td className="clip wide">
                    {version.run_id ? (
                      <Link to="/runs/$runId" params={{ runId: version.run_id }} className="link">
                        {run?.run_name || version.run_id.slice(0, 8)}
                      </Link>
                    ) : (
                      <span className="muted">None</span>
                    )}
                  </td>
                  <td className="muted wide">
                    <Ago time={version.creation_time} />
                  </td>
                  <td className="ends">
                    <ActionMenu
                      label={`What to do with v${number}`}
                      actions={[
                        { label: "Set an alias…", run: () => setAsked({ what: "alias", version }) },
                        { label: "Move to a stage…", run: () => setAsked({ what: "stage", version }) },
                        { label: "Delete…", danger: true, run: () => setAsked({ what: "delete", version }) },
                      ]}
                    />
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      {asked?.what === "alias" && (
        <AliasDialog model={model} versions={versions} version={asked.version.version} close={() => setAsked(null)} />
      )}
      {asked?.what === "stage" && <StageDialog version={asked.version} versions={versions} close={() => setAsked(null)} />}
      {asked?.what === "delete" && (
        <ConfirmDialog
          title={`Delete ${model.name} v${asked.version.version} for good?`}
          button="Delete"
          danger
          typed={`v${asked.version.version}`}
          close={() => setAsked(null)}
          act={() => removal(edit, asked.version)}
        >
          <p>This cannot be undone. Its number is never used again; the files of its source stay.</p>
          {(asked.version.aliases ?? []).length > 0 && (
            <p className="state warn wraps">
              {asked.version.aliases!.map((alias) => `@${alias}`).join(", ")} goes with it: programs that load it by that name will
              fail.
            </p>
          )}
        </ConfirmDialog>
      )}
    </>
  );
}

export function removal(edit: ReturnType<typeof useEdit>, { name, version }: ModelVersion): Promise<void> {
  return edit({ said: `Deleted ${name} v${version}.`, act: () => deleteVersion(name, version), touches: touchedBy(name) });
}

export function Aliases({ aliases }: { aliases: readonly string[] }) {
  return (
    <span className="chips">
      {aliases.map((alias) => (
        <span key={alias} className="chip accent">
          @{alias}
        </span>
      ))}
    </span>
  );
}

/** Run id to run, for versions that came from one. */
function useSourceRuns(versions: readonly ModelVersion[]): ReadonlyMap<string, Run> {
  const ids = [...new Set(versions.flatMap((version) => (version.run_id ? [version.run_id] : [])))];
  return useQueries({
    queries: ids.map((runId) => ({ ...runQuery(runId), retry: false, staleTime: 60_000 })),
    combine: runsById,
  });
}

function runsById(results: readonly { data?: Run | undefined }[]): ReadonlyMap<string, Run> {
  return new Map(results.flatMap(({ data }) => (data ? [[data.run_id, data]] : [])));
}

/** The best value of a metric whose name says which way is better; NaN where it does not. */
function bestOf(runs: readonly Run[], key: string): number {
  const values = runs.flatMap((run) => (run.metrics[key] ? [toFloat(run.metrics[key].last)] : [])).filter(Number.isFinite);
  if (values.length < 2 || direction(key) === 0) return NaN;
  return direction(key) > 0 ? Math.max(...values) : Math.min(...values);
}
