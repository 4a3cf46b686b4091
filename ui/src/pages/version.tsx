/** One version of a model: how it does beside the champion, where it came from, what it takes, and where it stands. */

import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { modelQuery, versionQuery, versionsQuery, versionUri } from "../api/models";
import type { ModelVersion } from "../api/types";
import { Boundary, Failure, SkeletonRows } from "../components";
import { Artifacts } from "../components/artifacts";
import { CodeButton } from "../components/codeways";
import { ConfirmDialog } from "../components/forms";
import { TopBar } from "../components/frame";
import { Ago, Stage } from "../components/marks";
import { ActionMenu } from "../components/menu";
import { NoteCard } from "../components/notecard";
import { AliasDialog, StageDialog } from "../components/registry/dialogs";
import { HistoryCard } from "../components/registry/history";
import { NotesCard, VersionChecksCard } from "../components/registry/judgement";
import { WaitingCard } from "../components/registry/promotions";
import { ChampionCard, DeployedCard, ModelFolderCards, ParamsCard, SourceCard } from "../components/registry/versioncards";
import { Aliases, removal } from "../components/registry/versiontable";
import { TagsCard } from "../components/tageditor";
import { waysOf } from "../lib/begin";
import { useCommands } from "../lib/commands";
import { useEdit } from "../lib/edits";
import { describingVersion, taggingVersion } from "../lib/modeledits";
import "../styles/artifacts.css";
import "../styles/plain.css";
import "../styles/experiments.css";
import "../styles/registry.css";
import "../styles/run.css";

const CardPart = lazy(() => import("../components/registry/cardpart"));
const JudgedPart = lazy(() => import("../components/registry/judgedpart"));
const LineagePart = lazy(() => import("../components/lineagepart"));

const TABS = {
  overview: "Overview",
  evaluation: "Evaluation",
  card: "Model card",
  files: "Files",
  lineage: "Lineage",
  history: "History",
} as const;
type Tab = keyof typeof TABS;

export function VersionPage() {
  const { name, version: number } = useParams({ from: "/models/$name/versions/$version" });
  const search = useSearch({ from: "/models/$name/versions/$version" });
  const tab = (search.tab ?? "overview") as Tab;
  const navigate = useNavigate({ from: "/models/$name/versions/$version" });
  const query = useQuery(versionQuery(name, Number(number)));
  const model = useQuery(modelQuery(name));
  const versions = useQuery(versionsQuery(name));
  const [asking, setAsking] = useState<"alias" | "stage" | "delete" | null>(null);
  const edit = useEdit();
  const version = query.data;
  useCommands(
    version
      ? [
          { id: "alias", label: "Set an alias", group: "Version", keys: "a", run: () => setAsking("alias") },
          { id: "stage", label: "Move to a stage", group: "Version", keys: "m", run: () => setAsking("stage") },
        ]
      : [],
  );
  const all = versions.data ?? [];
  const uri = versionUri(name, Number(number));
  return (
    <>
      <TopBar
        actions={
          version && (
            <span className="bar-buttons">
              <CodeButton title={`${name} v${number}`} ways={waysOf(uri)} />
              <button type="button" className="button" onClick={() => setAsking("stage")}>
                Stage
              </button>
              <ActionMenu
                label="What to do with this version"
                actions={[
                  { label: "Set an alias…", run: () => setAsking("alias") },
                  { label: "Move to a stage…", run: () => setAsking("stage") },
                  { label: "Delete…", danger: true, run: () => setAsking("delete") },
                ]}
              />
            </span>
          )
        }
      >
        <Link to="/models" className="parent detail">
          Models /
        </Link>
        <Link to="/models/$name" params={{ name }} className="parent shrink ellipsis">
          {name} /
        </Link>
        <h1 className="ellipsis">
          <span className="hidden-text">{name} </span>v{number}
        </h1>
      </TopBar>
      {query.isError && !version ? (
        <Failure what={`${name} v${number} could not be opened.`} error={query.error} retry={() => void query.refetch()} />
      ) : !version ? (
        <SkeletonRows rows={10} />
      ) : (
        <>
          <Head version={version} />
          <nav className="tabs" aria-label="Parts of the version">
            {(Object.keys(TABS) as Tab[]).map((key) => (
              <Link
                key={key}
                to="/models/$name/versions/$version"
                params={{ name, version: number }}
                search={key === "overview" ? {} : { tab: key }}
                activeOptions={{ exact: true, includeSearch: true }}
                aria-current={tab === key ? "page" : undefined}
              >
                {TABS[key]}
              </Link>
            ))}
          </nav>
          {tab === "files" ? (
            <Artifacts
              roots={[{ id: "model", label: `${name} v${number}`, uri }]}
              root="model"
              path={search.path ?? ""}
              onOpen={(_, path) => void navigate({ search: path ? { tab: "files", path } : { tab: "files" } })}
            />
          ) : (
            <Boundary key={tab} what="This part of the version could not be shown.">
              <Suspense fallback={<SkeletonRows rows={8} />}>
                {tab === "lineage" ? (
                  <LineagePart uri={uri} />
                ) : tab === "evaluation" ? (
                  <JudgedPart version={version} />
                ) : tab === "card" ? (
                  <CardPart version={version} />
                ) : tab === "history" ? (
                  <div className="page tinted pad" tabIndex={0}>
                    <HistoryCard name={name} version={version.version} />
                  </div>
                ) : (
                  <Overview version={version} versions={all} />
                )}
              </Suspense>
            </Boundary>
          )}
          {asking === "alias" && model.data && (
            <AliasDialog model={model.data} versions={all} version={version.version} close={() => setAsking(null)} />
          )}
          {asking === "stage" && <StageDialog version={version} versions={all} close={() => setAsking(null)} />}
          {asking === "delete" && (
            <ConfirmDialog
              title={`Delete ${name} v${number} for good?`}
              button="Delete"
              danger
              typed={`v${number}`}
              close={() => setAsking(null)}
              act={async () => {
                await removal(edit, version);
                void navigate({ to: "/models/$name", params: { name } });
              }}
            >
              <p>This cannot be undone. Its number is never used again; the files of its source stay.</p>
            </ConfirmDialog>
          )}
        </>
      )}
    </>
  );
}

function Head({ version }: { version: ModelVersion }) {
  return (
    <div className="facts">
      <Stage stage={version.stage} />
      {version.status !== "READY" && (
        <span className="state warn">
          {version.status.toLowerCase().replaceAll("_", " ")}
          {version.status_message ? `: ${version.status_message}` : ""}
        </span>
      )}
      <Aliases aliases={version.aliases ?? []} />
      <span className="muted">
        Registered{" "}
        <span className="value">
          <Ago time={version.creation_time} />
        </span>
      </span>
      {version.user_id && (
        <span className="muted">
          by <span className="value">{version.user_id}</span>
        </span>
      )}
    </div>
  );
}

interface OverviewProps {
  version: ModelVersion;
  versions: readonly ModelVersion[];
}

function Overview({ version, versions }: OverviewProps) {
  const edit = useEdit();
  return (
    <div className="page two-columns" tabIndex={0}>
      <div className="column">
        <WaitingCard name={version.name} version={version.version} />
        <VersionChecksCard version={version} />
        <ChampionCard version={version} versions={versions} />
        <ModelFolderCards version={version} />
      </div>
      <div className="column">
        <NoteCard
          title="Description"
          text={version.description ?? ""}
          empty="Nothing is written about this version yet."
          save={(text) => edit(describingVersion(version, text))}
        />
        <NotesCard version={version} />
        <SourceCard version={version} />
        <DeployedCard version={version} />
        <TagsCard
          tags={version.tags ?? {}}
          empty="This version has no tags."
          set={(key, value) => edit(taggingVersion(version, key, value))}
        />
        <ParamsCard version={version} />
      </div>
    </div>
  );
}
