/** The versions of a tracked path beside what one of them holds: one entry for each commit that changed the content. */

import { Link } from "@tanstack/react-router";
import type { DataVersion } from "../../api/repository";
import { without } from "../../lib/address";
import { formatBytes, formatCount } from "../../lib/format";
import { growth, WORKING } from "../../lib/tracked";
import { Icon } from "../icons";
import { Ago } from "../marks";
import { PathState, shortRevision } from "./marks";

interface Props {
  path: string;
  versions: readonly DataVersion[];
  truncated: boolean;
  state: string;
  /** Whether the working tree is one of the choices. */
  working: boolean;
  chosen: string;
  /** The rest of the address, kept when another version is chosen. */
  search: Record<string, string>;
}

export function VersionRail({ path, versions, truncated, state, working, chosen, search }: Props) {
  const grown = growth(versions);
  const to = (rev: string, first: boolean) => {
    const kept = without(search, "rev", "against", "file");
    return first ? kept : { ...kept, rev };
  };
  const firstSaved = versions[0]?.revision ?? "";
  return (
    <nav className="rail" aria-label="Versions">
      <h2 className="rail-title">
        Versions <span className="muted">{versions.length.toLocaleString("en")}</span>
      </h2>
      <ol>
        {working && (
          <li>
            <Link to="/data/tracked/$" params={{ _splat: path }} search={to(WORKING, false)} activeOptions={{ exact: true, includeSearch: true }} className="rail-item" aria-current={chosen === WORKING ? "true" : undefined}>
              <span className="rail-name">Working tree</span>
              <PathState state={state} />
              <span className="muted small rail-line">not saved as a version yet</span>
            </Link>
          </li>
        )}
        {versions.map((version, at) => (
          <li key={version.revision}>
            <Link
              to="/data/tracked/$"
              params={{ _splat: path }}
              search={to(version.revision, version.revision === firstSaved)}
              activeOptions={{ exact: true, includeSearch: true }}
              className="rail-item"
              aria-current={chosen === version.revision ? "true" : undefined}
            >
              <span className="rail-name ellipsis" title={version.message}>
                {version.message || "No message"}
              </span>
              <span className="rail-line muted small">
                <code>{shortRevision(version.revision)}</code>
                <span className="ellipsis">{version.author}</span>
                <Ago time={version.at} />
              </span>
              <span className="rail-line small">
                <Sizes version={version} grown={grown[at] ?? null} />
              </span>
              <Names version={version} />
            </Link>
          </li>
        ))}
      </ol>
      {truncated && <p className="muted small pad">Older versions are in Git’s history; they are not listed.</p>}
      {versions.length === 0 && <p className="muted small pad">No commit holds a version yet: commit the file that tracks it.</p>}
    </nav>
  );
}

function Sizes({ version, grown }: { version: DataVersion; grown: number | null }) {
  if (!version.oid) return <span className="state warn">taken out</span>;
  return (
    <>
      <span>{version.size === null ? "size not known" : formatBytes(version.size)}</span>
      {version.files !== null && <span className="muted">{formatCount(version.files, "file")}</span>}
      {grown !== null && grown !== 0 && (
        <span className="muted" title="Against the version before">
          {grown > 0 ? "+" : "−"}
          {formatBytes(Math.abs(grown))}
        </span>
      )}
      {version.runs > 0 && <span className="muted">{formatCount(version.runs, "run")}</span>}
    </>
  );
}

function Names({ version }: { version: DataVersion }) {
  const { branches, tags, current } = version;
  if (branches.length + tags.length === 0 && !current) return null;
  return (
    <span className="chips rail-names">
      {current && <span className="chip accent">current</span>}
      {tags.slice(0, 3).map((tag) => (
        <span key={tag} className="chip">
          <Icon name="tag" size={12} />
          {tag}
        </span>
      ))}
      {branches.slice(0, 2).map((branch) => (
        <span key={branch} className="chip">
          <Icon name="branch" size={12} />
          {branch}
        </span>
      ))}
      {tags.length + branches.length > 5 && <span className="muted small">and more</span>}
    </span>
  );
}
