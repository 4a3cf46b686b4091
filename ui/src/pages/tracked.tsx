/** One path that the repository tracks: its versions, what lies in each, how they differ, what came of them, how to get them. */

import { useQuery } from "@tanstack/react-query";
import { Link, Navigate, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { lazy, type ReactNode, Suspense } from "react";
import { ApiError } from "../api/client";
import { filesQuery } from "../api/artifacts";
import { type DataVersion, repositoryQuery, type Tracked, trackedQuery, versionsQuery } from "../api/repository";
import { Boundary, Empty, Failure, SkeletonRows, Snippet } from "../components";
import { Artifacts } from "../components/artifacts";
import { Card } from "../components/card";
import { Ways } from "../components/codeways";
import { CopyId } from "../components/copy";
import { FileView } from "../components/fileview";
import { TopBar } from "../components/frame";
import { NoRepository } from "../components/repository/begin";
import { Changes } from "../components/repository/changes";
import { PathState, shortRevision } from "../components/repository/marks";
import { Maker } from "../components/repository/trackedlist";
import { VersionRail } from "../components/repository/versionrail";
import { type Search, without, withParam } from "../lib/address";
import { shell } from "../lib/begin";
import { formatBytes, formatCount } from "../lib/format";
import { nameOf } from "../lib/previews";
import { choices, getWays, kindWord, shownPair, trackedUri, within, WORKING } from "../lib/tracked";
import "../styles/artifacts.css";
import "../styles/data.css";
import "../styles/run.css";
import "../styles/repository.css";

const Lineage = lazy(async () => ({ default: (await import("../components/lineage")).Lineage }));
/** Steps from a file through the stages of a pipeline to a model, and a version of it. */
const STEPS = 8;

const TABS = { files: "Files", changes: "Changes", lineage: "Lineage", get: "Get it" } as const;
type Tab = keyof typeof TABS;

export function TrackedPage() {
  const { _splat: path = "" } = useParams({ from: "/data/tracked/$" });
  const repository = useQuery(repositoryQuery);
  const found = repository.data?.found === true;
  const tracked = useQuery({ ...trackedQuery(), enabled: found });
  const item = tracked.data?.outputs.find((each) => each.path === path);
  const versions = useQuery({ ...versionsQuery(path), enabled: item !== undefined });
  const around = item ? undefined : tracked.data?.outputs.find((each) => each.is_dir && path.startsWith(`${each.path}/`));
  const failed = repository.error ?? tracked.error ?? (item ? versions.error : null);
  return (
    <>
      <TopBar>
        <Link to="/data" search={{ tab: "tracked" }} className="parent">
          Data /
        </Link>
        <h1 className="ellipsis">{path}</h1>
      </TopBar>
      {failed ? (
        <Failure what={`${path} could not be opened.`} error={failed} retry={() => void Promise.all([repository.refetch(), tracked.refetch(), versions.refetch()])} />
      ) : repository.data && !found ? (
        <NoRepository info={repository.data} what="tracked data" />
      ) : !tracked.data || (item && !versions.data) ? (
        <SkeletonRows rows={10} />
      ) : around ? (
        <Navigate to="/data/tracked/$" params={{ _splat: around.path }} search={{ file: within(around.path, path) }} replace />
      ) : !item ? (
        <Empty title={`The repository does not track “${path}”.`}>
          <p>It may have been moved or removed since.</p>
          <Link to="/data" search={{ tab: "tracked" }} className="button">
            See all that is tracked
          </Link>
        </Empty>
      ) : (
        <TrackedPath key={path} item={item} versions={versions.data?.versions ?? []} truncated={versions.data?.truncated ?? false} />
      )}
    </>
  );
}

interface PathProps {
  item: Tracked;
  versions: readonly DataVersion[];
  truncated: boolean;
}

function TrackedPath({ item, versions, truncated }: PathProps) {
  const search: Search = useSearch({ from: "/data/tracked/$" });
  const navigate = useNavigate({ from: "/data/tracked/$" });
  const options = choices(versions, item.state);
  const { rev, against } = shownPair(options, search.rev, search.against);
  const version = versions.find((each) => each.revision === rev);
  const tab: Tab = search.tab && search.tab in TABS ? (search.tab as Tab) : rev === WORKING ? "changes" : "files";
  const { file = "" } = search;
  const place = without(search, "file", "tab");
  const shown: Record<Tab, () => ReactNode> = {
    files: () => <Files item={item} rev={rev} version={version} file={file} onOpen={(opened) => void navigate({ search: withParam(place, "file", opened) })} />,
    changes: () => (
      <Changes
        item={item}
        versions={versions}
        options={options}
        rev={rev}
        against={against}
        onPair={(to, from) => void navigate({ search: { tab: "changes", rev: to, against: from }, replace: true })}
      />
    ),
    lineage: () => <LineageTab item={item} uri={version ? version.dataset : rev === WORKING ? "" : item.dataset} />,
    get: () => <Get item={item} version={version} newest={versions[0]?.revision === rev} />,
  };
  return (
    <>
      <Facts item={item} />
      <div className="tracked">
        <VersionRail path={item.path} versions={versions} truncated={truncated} state={item.state} working={options[0] === WORKING} chosen={rev} search={search} />
        <div className="tracked-main">
          <nav className="tabs" aria-label="Parts of the version">
            {(Object.keys(TABS) as Tab[]).map((name) => (
              <Link
                key={name}
                to="/data/tracked/$"
                params={{ _splat: item.path }}
                search={{ ...place, tab: name }}
                activeOptions={{ exact: true, includeSearch: true }}
                aria-current={tab === name ? "page" : undefined}
              >
                {TABS[name]}
              </Link>
            ))}
          </nav>
          <Boundary key={`${tab} ${rev}`} what="This part could not be shown.">
            {tab === "files" ? shown.files() : <div className="page tracked-part" tabIndex={0}>{shown[tab]()}</div>}
          </Boundary>
        </div>
      </div>
    </>
  );
}

function Facts({ item }: { item: Tracked }) {
  return (
    <div className="facts tracked-facts">
      <PathState state={item.state} />
      <span>
        {kindWord(item.kind)}
        {item.size !== null && <span className="muted"> {formatBytes(item.size)}</span>}
        {item.files !== null && <span className="muted"> in {formatCount(item.files, "file")}</span>}
      </span>
      <Maker item={item} />
      {item.oid && <CopyId id={item.oid} what="the MD5 of the content" />}
      {item.labels.map((label) => (
        <span key={label} className="chip">
          {label}
        </span>
      ))}
      {item.desc && <span className="muted tracked-desc">{item.desc}</span>}
    </div>
  );
}

interface FilesProps {
  item: Tracked;
  rev: string;
  version: DataVersion | undefined;
  file: string;
  onOpen: (file: string) => void;
}

function Files({ item, rev, version, file, onOpen }: FilesProps) {
  const uri = trackedUri({ path: item.path, rev: rev === WORKING ? "" : rev, isDir: item.is_dir });
  const top = useQuery({ ...filesQuery(uri, ""), enabled: rev !== WORKING && version?.oid !== "", retry: false });
  if (version?.oid === "") {
    return (
      <Empty title="With this commit the path was taken out.">
        <p>The versions before it are still there.</p>
      </Empty>
    );
  }
  if (rev === WORKING) {
    return (
      <Empty title="What lies in the working tree is no version yet.">
        <p>Its content is put into the cache, and can be looked at here, once it is saved. Until then the tab Changes tells which files differ.</p>
        <Snippet label="Save it as a version" code={saveCommand(item)} />
      </Empty>
    );
  }
  if (top.error instanceof ApiError && top.error.status === 404) {
    return (
      <Empty title="This version is not in the cache of this machine.">
        <p>{top.error.message}</p>
        <Snippet label="Fetch it from a remote" code={version?.current ? `treering data pull ${shell(item.path)}` : `treering data fetch ${shell(item.path)} --all-commits`} />
      </Empty>
    );
  }
  if (!item.is_dir) {
    return (
      <div className="file-view" tabIndex={0} role="region" aria-label="File">
        <FileView key={uri} uri={uri} path={nameOf(item.path)} live={false} onOpen={() => undefined} />
      </div>
    );
  }
  return <Artifacts roots={[{ id: "data", label: item.path, uri }]} root="data" path={file} onOpen={(_root, path) => onOpen(path)} />;
}

/** What makes a version of what lies there: outputs of stages come from the stages, all else is added. */
function saveCommand(item: Tracked): string {
  if (item.source.endsWith(".dvc")) return `treering data add ${shell(item.path)}\ngit add ${shell(item.source)} && git commit`;
  return "treering repro\ngit add dvc.lock && git commit";
}

function LineageTab({ item, uri }: { item: Tracked; uri: string }) {
  if (!uri) {
    return (
      <Empty title="No run has recorded this content.">
        <p>
          What came of which version is known where runs tell what they read. Stages do so by themselves when they are kept as runs; a
          program says it in a line.
        </p>
        <Snippet label="Keep stages as runs" code="treering repro --track" />
        <Snippet label="In a program" code={`with treering.start_run():\n    treering.log_input(${JSON.stringify(item.path)}, context="train")`} />
      </Empty>
    );
  }
  return (
    <div className="lineage-whole">
      <p className="lineage-open">
        What came of this version, and what it came of.{" "}
        <Link to="/lineage" search={{ uri, down: String(STEPS) }} className="link">
          Open on its own page
        </Link>
      </p>
      <Suspense fallback={<SkeletonRows rows={6} />}>
        <Lineage uri={uri} down={STEPS} whole turns />
      </Suspense>
    </div>
  );
}

function Get({ item, version, newest }: { item: Tracked; version: DataVersion | undefined; newest: boolean }) {
  const rev = !version || newest ? "" : shortRevision(version.revision);
  const facts: [string, ReactNode][] = [
    ["Content (MD5)", version?.oid || item.oid ? <code>{version?.oid || item.oid}</code> : "not known"],
    ["Tracked by", <code key="source">{item.source}</code>],
    ...(item.remote ? ([["Remote", item.remote]] as [string, ReactNode][]) : []),
    ...(item.imported_from ? ([["Imported from", item.imported_from]] as [string, ReactNode][]) : []),
    ...(version ? ([["Commit", <code key="commit">{version.revision}</code>]] as [string, ReactNode][]) : []),
    ...(item.type ? ([["Type", item.type]] as [string, ReactNode][]) : []),
    ...(item.runs > 0 ? ([["Recorded by", formatCount(item.runs, "run")]] as [string, ReactNode][]) : []),
  ];
  return (
    <div className="get-it">
      <Card title={rev ? `Get the version of ${rev}` : "Get the newest version"}>
        <div className="pad">
          <Ways ways={getWays(item, rev)} />
        </div>
      </Card>
      <Card title="Details">
        <dl className="pairs plain">
          {facts.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      </Card>
    </div>
  );
}
