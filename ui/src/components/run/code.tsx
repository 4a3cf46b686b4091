/** What a run ran: the commit and what differed from it, the command, the machine and the packages. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { captureQuery } from "../../api/capture";
import type { Run } from "../../api/types";
import { type Environment, packagePairs } from "../../lib/environment";
import { formatBytes } from "../../lib/format";
import { filesOf } from "../../lib/patch";
import { sourceTags } from "../../lib/tags";
import "../../styles/compare.css";
import { Card, Pairs } from "../card";
import { PatchView } from "../compare/patchview";
import { CopyButton, Snippet } from "../copy";
import { Failure, SkeletonRows } from "../feedback";

const OPEN_FILES = 5;
const MOST_FILES = 100;

export function CodeTab({ run }: { run: Run }) {
  const place = run.tags["treering.capture"] ?? "";
  const query = useQuery({ ...captureQuery(place), enabled: place !== "" });
  const tags = sourceTags(run.tags);
  if (place !== "" && query.isPending) return <SkeletonRows rows={8} />;
  const found = query.data;
  return (
    <div className="page tinted" tabIndex={0}>
      <div className="overview">
      {query.isError && <Failure what="What was captured could not be read." error={query.error} retry={() => void query.refetch()} />}
      {place === "" && (
        <Card title="Environment">
          <p className="muted pad">
            Nothing of the source and the environment was captured with this run{tags.length > 0 ? " but what its tags say" : ""}. Treering captures
            commit, uncommitted changes, packages and hardware by itself where TREERING_CAPTURE is not set to off.
          </p>
        </Card>
      )}
      {found && <SourceCard environment={found.environment} />}
      {found && found.diff !== "" && <DiffCard diff={found.diff} cut={found.environment.source?.diff?.cut === true} />}
      {found && <EnvironmentCards environment={found.environment} />}
      {tags.length > 0 && <Pairs title="Tags of the source" pairs={tags} empty="" />}
      {found && <CapturedFrom place={place} run={run} />}
      </div>
    </div>
  );
}

function SourceCard({ environment }: { environment: Environment }) {
  const { source, entry, command } = environment;
  const pairs: [string, string][] = source
    ? [
        ["branch", source.branch || "none"],
        ["commit", source.commit || "none yet"],
        ["remote", source.remote || "none"],
        ["changed files", source.changed.join(", ") || "none"],
        ...(source.left_out.length > 0 ? ([["left out, may hold secrets", source.left_out.join(", ")]] as [string, string][]) : []),
        ...(source.untracked_count > 0 ? ([[`untracked (${source.untracked_count})`, source.untracked.slice(0, 20).join(", ")]] as [string, string][]) : []),
      ]
    : [];
  return (
    <>
      <Card title="Command">
        <div className="stack">
          <Snippet label={entry} code={command.length > 0 ? command.map(asShell).join(" ") : entry} />
        </div>
      </Card>
      {source ? (
        <Pairs title={source.dirty ? "Source, with uncommitted changes" : "Source"} pairs={pairs} empty="" />
      ) : (
        <Card title="Source">
          <p className="muted pad">The program lay in no checkout of git, so its commit is not known.</p>
        </Card>
      )}
    </>
  );
}

function DiffCard({ diff, cut }: { diff: string; cut: boolean }) {
  const files = filesOf(diff);
  return (
    <Card title="Uncommitted changes" count={files.length}>
      <div className="card-bar">
        {cut && <span className="muted small">Longer than what is kept; the end is missing.</span>}
        <span className="push">
          <CopyButton text={diff} label="Copy diff" />
        </span>
      </div>
      {files.slice(0, MOST_FILES).map((file, at) => (
        <details key={`${file.path} ${at}`} className="patch-file" open={at < OPEN_FILES}>
          <summary>
            <code className="ellipsis">{file.path}</code>
            <span className="push small">
              <span className="tone-ok">+{file.added}</span> <span className="tone-err">−{file.removed}</span>
            </span>
          </summary>
          <PatchView text={file.text} label={`Changes of ${file.path}`} />
        </details>
      ))}
      {files.length > MOST_FILES && <p className="muted pad">and {files.length - MOST_FILES} files more, in source.diff</p>}
    </Card>
  );
}

function EnvironmentCards({ environment }: { environment: Environment }) {
  const { python, platform, hardware } = environment;
  const machine: [string, string][] = [
    ["python", `${python.version} (${python.implementation})`],
    ["executable", python.executable],
    ["system", platform.description],
    ["host", platform.host],
    ["processor", `${hardware.cpu}${hardware.cpu_count ? `, ${hardware.cpu_count} cores` : ""}`],
    ...(hardware.memory ? ([["memory", formatBytes(hardware.memory)]] as [string, string][]) : []),
    ...hardware.gpus.map((gpu, at): [string, string] => [
      `graphics ${at + 1}`,
      [gpu.name, gpu.memory && formatBytes(gpu.memory), gpu.driver && `driver ${gpu.driver}`].filter(Boolean).join(", "),
    ]),
  ];
  return (
    <>
      <Pairs title="Python and machine" pairs={machine} empty="" />
      <Packages environment={environment} />
    </>
  );
}

function Packages({ environment }: { environment: Environment }) {
  const [text, setText] = useState("");
  const pairs = packagePairs(environment, text);
  return (
    <Card title="Packages" count={Object.keys(environment.packages).length}>
      <div className="card-bar">
        <input className="field" type="search" placeholder="Filter packages" aria-label="Filter packages" value={text} onChange={(event) => setText(event.target.value)} />
        <CopyButton text={pairs.map(([name, version]) => `${name}==${version}`).join("\n")} label="Copy as requirements" />
      </div>
      <dl className="pairs packages">
        {pairs.map(([name, version]) => (
          <div key={name}>
            <dt className="ellipsis" title={name}>
              {name}
            </dt>
            <dd>{version}</dd>
          </div>
        ))}
      </dl>
      {pairs.length === 0 && <p className="muted pad">No package has this in its name.</p>}
    </Card>
  );
}

function CapturedFrom({ place, run }: { place: string; run: Run }) {
  const [runId = "", ...parts] = place.replace(/^runs:\//, "").split("/");
  return (
    <p className="muted small">
      Captured in{" "}
      <Link to="/runs/$runId" params={{ runId }} search={{ tab: "artifacts", path: parts.join("/") }} className="link">
        {parts.join("/")}
      </Link>
      {runId !== run.run_id && " of the parent run, for which it was the same"}.
    </p>
  );
}

function asShell(argument: string): string {
  return /^[\w@%+=:,./*-]+$/.test(argument) ? argument : `'${argument.replace(/'/g, `'\\''`)}'`;
}
