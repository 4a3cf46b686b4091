/** Versions side by side: what they measured, how they were made and what they need, if wanted only where they differ. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { comparisonQuery } from "../../api/governance";
import type { ModelVersion } from "../../api/types";
import { bestOf, type Row } from "../../lib/compare";
import { factRows, partsOf } from "../../lib/versiondiff";
import { Card } from "../card";
import { Failure, SkeletonRows } from "../feedback";

interface Props {
  versions: readonly ModelVersion[];
  close: () => void;
}

export function VersionCompare({ versions, close }: Props) {
  const [onlyDifferent, setOnlyDifferent] = useState(true);
  const numbers = versions.map((version) => version.version);
  const query = useQuery({ ...comparisonQuery(versions[0]?.name ?? "", numbers), enabled: versions.length > 1, retry: false });
  const parts: [string, Row[]][] = [["Version", factRows(versions)], ...(query.data ? partsOf(query.data) : [])];
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
          {parts.map(([title, rows]) => (
            <Part key={title} title={title} rows={rows} onlyDifferent={onlyDifferent} columns={versions.length + 1} />
          ))}
        </table>
      </div>
      {query.isError ? (
        <Failure what="The versions could not be compared." error={query.error} retry={() => void query.refetch()} />
      ) : (
        query.isPending && <SkeletonRows rows={6} />
      )}
      {Object.entries(query.data?.missing ?? {}).map(([version, why]) => (
        <p key={version} className="muted small pad">
          Of {version} something could not be read: {why}
        </p>
      ))}
    </Card>
  );
}

function Part({ title, rows, onlyDifferent, columns }: { title: string; rows: readonly Row[]; onlyDifferent: boolean; columns: number }) {
  const shown = onlyDifferent ? rows.filter((row) => row.differs) : rows;
  const said = rows.length === 0 ? "– nothing is recorded" : shown.length === 0 ? `– ${rows.length === 1 ? "the same" : `all ${rows.length} are the same`}` : "";
  return (
    <tbody>
      <tr className="part">
        <th scope="rowgroup" colSpan={columns}>
          {title} <span className="muted">{said}</span>
        </th>
      </tr>
      {shown.map((row) => {
        const best = bestOf(row);
        return (
          // What differs stands out only among what does not.
          <tr key={row.key} data-differs={row.differs && !onlyDifferent ? "" : undefined}>
            <th scope="row" title={row.key}>
              {row.key}
            </th>
            {row.cells.map((cell, index) => (
              <td key={index} title={cell.full ?? cell.text ?? undefined} className={best.has(index) ? "strong" : undefined}>
                {cell.text ?? <span className="muted">–</span>}
                {best.has(index) && <span className="hidden-text"> best</span>}
              </td>
            ))}
          </tr>
        );
      })}
    </tbody>
  );
}
