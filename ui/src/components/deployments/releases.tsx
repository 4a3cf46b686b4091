/** What is served, what waits beside it, and what a rollback brings back: where each came from, and who put it there. */

import { Link } from "@tanstack/react-router";
import type { Deployment, Release } from "../../api/deployments";
import { shell } from "../../lib/begin";
import { originOf } from "../../lib/deployments";
import { Card } from "../card";
import { CopyId } from "../copy";
import { Ago } from "../marks";
import { ReleaseLink } from "./marks";

export function ReleasesCard({ item }: { item: Deployment }) {
  const rows: [string, Release | null][] = [
    ["Current", item.current],
    ["Candidate", item.candidate],
    ["Before", item.previous],
  ];
  const known = rows.filter((row): row is [string, Release] => row[1] !== null);
  const newer = item.current.registered ? `models:/${item.current.model}/VERSION` : "SOURCE";
  return (
    <Card title="Versions">
      <ul className="releases">
        {known.map(([role, release]) => (
          <li key={role}>
            <div className="release-head">
              <span className="muted release-role">{role}</span>
              <span className="strong">
                <ReleaseLink release={release} />
              </span>
              <span className="push muted">
                {release.user && <>by {release.user} </>}
                {release.time > 0 && <Ago time={release.time} />}
              </span>
            </div>
            <div className="release-from">
              <code className="breaks">{release.source}</code>
              {release.image && release.image !== release.source && <code className="breaks">{release.image}</code>}
              {release.digest && <CopyId id={release.digest} what="digest of the bundle" />}
              {release.run_id && (
                <Link to="/runs/$runId" params={{ runId: release.run_id }} className="link">
                  Its run
                </Link>
              )}
              {originOf(release) && (
                <Link to="/lineage" search={{ uri: originOf(release) }} className="link">
                  Its lineage
                </Link>
              )}
            </div>
          </li>
        ))}
      </ul>
      {item.candidate === null && item.state !== "REMOVED" && (
        <div className="card-more">
          <span className="muted small">
            Put a newer one beside it: <code className="breaks">{`treering deploy ${newer} --name ${shell(item.name)} --candidate`}</code>
          </span>
        </div>
      )}
    </Card>
  );
}
