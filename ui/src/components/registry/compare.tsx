/** Versions side by side: metrics, params, signature, requirements and tags, if wanted only where they differ. */

import { useQueries, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { comparisonQuery, type VersionComparison } from "../../api/governance";
import { versionFileQuery } from "../../api/models";
import type { ModelVersion, Run } from "../../api/types";
import { isSystem } from "../../lib/columns";
import { messageOf } from "../../lib/edits";
import { formatNumber, formatTime, toFloat } from "../../lib/format";
import { readModel, type SignatureField } from "../../lib/mlmodel";
import { requirements, type SideRow, sideBySide } from "../../lib/sidebyside";
import { isReserved } from "../../lib/tags";
import { Card } from "../card";
import { useSourceRuns } from "./versiontable";

interface Props {
  versions: readonly ModelVersion[];
  close: () => void;
}

export function VersionCompare({ versions, close }: Props) {
  const [onlyDifferent, setOnlyDifferent] = useState(true);
  const runs = useSourceRuns(versions);
  const models = useFiles(versions, "MLmodel");
  const packages = useFiles(versions, "requirements.txt");
  const numbers = versions.map((version) => version.version);
  const known = useQuery({ ...comparisonQuery(versions[0]?.name ?? "", numbers), enabled: versions.length > 1, retry: false });
  const run = (version: ModelVersion) => runs.get(version.run_id ?? "");
  const sections: [string, SideRow[]][] = [
    ["Version", sideBySide(versions.map(facts))],
    ["Metrics of the source run", sideBySide(versions.map((version) => metricsOf(run(version))))],
    ["Params of the source run", sideBySide(versions.map((version) => run(version)?.params ?? {}))],
    ...(known.data ? PARTS.map(([title, kind]): [string, SideRow[]] => [title, rowsOf(known.data, kind)]) : []),
    ["Signature", sideBySide(models.map(signatureOf))],
    ["Requirements", sideBySide(packages.map((text) => requirements(text ?? "")))],
    ["Tags", sideBySide(versions.map((version) => ownTags(version.tags ?? {})))],
  ];
  const shown = sections.map(([title, rows]) => [title, rows.filter((row) => row.differs || !onlyDifferent), rows.length] as const);
  return (
    <Card
      title={`${versions.length} versions side by side`}
      actions={
        <>
          <label className="line small">
            <input type="checkbox" checked={onlyDifferent} onChange={(event) => setOnlyDifferent(event.target.checked)} />
            Only differences
          </label>
          <button type="button" className="button quiet" onClick={close}>
            Close
          </button>
        </>
      }
    >
      <div className="scrolls">
        <table className="list compact side">
          <thead>
            <tr>
              <th scope="col">
                <span className="hidden-text">What</span>
              </th>
              {versions.map((version) => (
                <th key={version.version} scope="col">
                  <Link to="/models/$name/versions/$version" params={{ name: version.name, version: String(version.version) }} className="link">
                    v{version.version}
                  </Link>
                </th>
              ))}
            </tr>
          </thead>
          {shown.map(([title, rows, all]) => (
            <tbody key={title}>
              <tr className="part">
                <th scope="rowgroup" colSpan={versions.length + 1}>
                  {title}{" "}
                  <span className="muted">
                    {all === 0 ? "– nothing is recorded" : rows.length === 0 ? `– all ${all} are the same` : ""}
                  </span>
                </th>
              </tr>
              {rows.map((row) => (
                <tr key={row.key} data-differs={row.differs ? "" : undefined}>
                  <th scope="row" title={row.key}>
                    {row.key}
                  </th>
                  {row.values.map((value, index) => (
                    <td key={index} title={value ?? undefined}>
                      {value === null ? <span className="muted">–</span> : value}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          ))}
        </table>
      </div>
      {known.isError && <p className="muted pad">Evaluations, data and code could not be compared: {messageOf(known.error)}</p>}
      {Object.entries(known.data?.missing ?? {}).map(([version, why]) => (
        <p key={version} className="muted small pad">
          Of {version} something could not be read: {why}
        </p>
      ))}
    </Card>
  );
}

/** What the server compares, since it lies in files that only some versions have. */
const PARTS = [["Evaluation", "evaluation"], ["Data", "data"], ["Code", "code"]] as const;
const CODE_WORDS: Record<string, string> = { "mlflow.source.git.commit": "commit", "mlflow.source.name": "started from" };

function rowsOf(found: VersionComparison, kind: string): SideRow[] {
  const rows = found.differences.filter((row) => row.kind === kind);
  return rows.map(({ key, values, same }) => {
    const shown = values.map((value) => (kind === "evaluation" && value ? figure(value) : value));
    return { key: CODE_WORDS[key] ?? key, values: shown, differs: !same };
  });
}

function figure(text: string): string {
  return Number.isFinite(Number(text)) ? formatNumber(Number(text)) : text;
}

function useFiles(versions: readonly ModelVersion[], path: string): (string | null)[] {
  return useQueries({
    queries: versions.map((version) => versionFileQuery(version.name, version.version, path)),
    combine: texts,
  });
}

function texts(results: readonly { data?: string | null | undefined }[]): (string | null)[] {
  return results.map(({ data }) => data ?? null);
}

function facts(version: ModelVersion): Record<string, string> {
  return {
    stage: version.stage,
    aliases: (version.aliases ?? []).map((alias) => `@${alias}`).join(", "),
    description: version.description ?? "",
    source: version.source,
    created: formatTime(version.creation_time),
  };
}

function metricsOf(run: Run | undefined): Record<string, string> {
  const metrics = Object.entries(run?.metrics ?? {}).filter(([key]) => !isSystem(key));
  return Object.fromEntries(metrics.map(([key, item]) => [key, formatNumber(toFloat(item.last))]));
}

function signatureOf(text: string | null): Record<string, string> {
  if (text === null) return {};
  try {
    const { signature, flavours } = readModel(text);
    const parts = {
      inputs: columnsText(signature?.inputs ?? []),
      outputs: columnsText(signature?.outputs ?? []),
      params: columnsText(signature?.params ?? []),
      flavours: flavours.map(({ name }) => name).join(", "),
    };
    return Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== ""));
  } catch (error) {
    return { MLmodel: messageOf(error) };
  }
}

function columnsText(fields: readonly SignatureField[]): string {
  return fields.map(({ name, type, required }) => `${name ? `${name}: ` : ""}${type}${required ? "" : " (optional)"}`).join("\n");
}

function ownTags(tags: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(tags).filter(([key]) => !isReserved(key)));
}
