/** One registered model: its versions, what they are called, how they differ, and how to use them. */

import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { deleteModel, modelQuery, versionsQuery } from "../api/models";
import type { ModelVersion, RegisteredModel } from "../api/types";
import { Empty, Failure, SkeletonRows, Snippet } from "../components";
import { Card } from "../components/card";
import { CodeButton, Ways } from "../components/codeways";
import { ConfirmDialog, TextDialog } from "../components/forms";
import { TopBar } from "../components/frame";
import { Icon } from "../components/icons";
import { ActionMenu } from "../components/menu";
import { NoteCard } from "../components/notecard";
import { VersionCompare } from "../components/registry/compare";
import { AliasDialog } from "../components/registry/dialogs";
import { HistoryCard } from "../components/registry/history";
import { WaitingCard } from "../components/registry/promotions";
import { RollbackDialog } from "../components/registry/rollback";
import { RulesCard } from "../components/registry/rules";
import { VersionTable } from "../components/registry/versiontable";
import { TagsCard } from "../components/tageditor";
import { python, shell, waysOf } from "../lib/begin";
import { useCommands } from "../lib/commands";
import { useEdit, useQuietEdit } from "../lib/edits";
import { formatCount } from "../lib/format";
import { aliasing, describing, renamingModel, taggingModel } from "../lib/modeledits";
import { forgetPlace } from "../lib/places";
import "../styles/experiments.css";
import "../styles/registry.css";
import "../styles/run.css";

/** More versions than these do not fit side by side. */
const MOST_COMPARED = 8;

export function ModelPage() {
  const { name } = useParams({ from: "/models/$name" });
  const search = useSearch({ from: "/models/$name" }) as { compare?: string };
  const navigate = useNavigate({ from: "/models/$name" });
  const query = useQuery(modelQuery(name));
  const listed = useQuery(versionsQuery(name));
  const [asking, setAsking] = useState<"rename" | "delete" | "alias" | "rollback" | null>(null);
  const edit = useEdit();
  const model = query.data;
  const versions = listed.data ?? [];
  const chosen = (search.compare ?? "").split(",").map(Number).filter((number) => Number.isInteger(number) && number > 0);
  const compared = chosen.flatMap((number) => versions.filter((item) => item.version === number)).slice(0, MOST_COMPARED);
  const choose = (numbers: number[]) =>
    void navigate({ search: numbers.length > 0 ? { compare: numbers.join(",") } : {}, replace: true });
  useCommands([
    { id: "set alias", label: "Set an alias", group: "Model", keys: "a", run: () => setAsking("alias") },
    { id: "roll back", label: "Roll a stage or an alias back", group: "Model", run: () => setAsking("rollback") },
    { id: "rename model", label: "Rename this model", group: "Model", keys: "e", run: () => setAsking("rename") },
  ]);
  return (
    <>
      <TopBar
        actions={
          model && (
            <span className="bar-buttons">
              <CodeButton title={`Model ${name}`} ways={ways(name)} />
              <ActionMenu
                label="What to do with this model"
                actions={[
                  { label: "Rename…", run: () => setAsking("rename") },
                  { label: "Set an alias…", run: () => setAsking("alias") },
                  { label: "Roll back…", run: () => setAsking("rollback") },
                  { label: "Delete…", danger: true, run: () => setAsking("delete") },
                ]}
              />
            </span>
          )
        }
      >
        <Link to="/models" className="parent">
          Models /
        </Link>
        <h1 className="ellipsis">{name}</h1>
        {listed.data && <span className="detail">{formatCount(versions.length, "version")}</span>}
      </TopBar>
      {query.isError && !model ? (
        <Failure what={`Model ${name} could not be opened.`} error={query.error} retry={() => void query.refetch()} />
      ) : !model ? (
        <SkeletonRows rows={8} />
      ) : (
        <div className="page two-columns" tabIndex={0}>
          <div className="column">
            <WaitingCard name={name} />
            {compared.length > 1 && <VersionCompare versions={compared} close={() => choose([])} />}
            <Card
              title="Versions"
              count={versions.length}
              actions={
                chosen.length === 1 ? <span className="muted small">Select one more to compare</span> : undefined
              }
            >
              {listed.isError ? (
                <Failure what="The versions could not be listed." error={listed.error} retry={() => void listed.refetch()} />
              ) : listed.isPending ? (
                <SkeletonRows rows={4} />
              ) : versions.length === 0 ? (
                <Empty title="No versions yet.">
                  <p>Register the model of a run as the first one:</p>
                  <Snippet label="Python" code={`import treering\n\ntreering.set_tracking_uri("${location.origin}")\ntreering.register_model("runs:/<run id>/model", ${python(name)})`} />
                </Empty>
              ) : (
                <VersionTable model={model} versions={versions} chosen={chosen} onChoose={choose} />
              )}
            </Card>
            <HistoryCard name={name} />
          </div>
          <div className="column">
            <NoteCard
              title="Description"
              text={model.description ?? ""}
              empty="What this model is for, and what it is not for: nothing is written yet."
              save={(text) => edit(describing(model, text))}
            />
            <AliasCard model={model} versions={versions} add={() => setAsking("alias")} />
            <RulesCard model={model} />
            <Use model={model} versions={versions} />
            <TagsCard
              tags={model.tags ?? {}}
              empty="This model has no tags."
              set={(key, value) => edit(taggingModel(model, key, value))}
            />
          </div>
          {asking === "rollback" && <RollbackDialog model={model} versions={versions} close={() => setAsking(null)} />}
          {asking === "alias" && <AliasDialog model={model} versions={versions} close={() => setAsking(null)} />}
          {asking === "rename" && (
            <TextDialog
              title={`Rename ${name}`}
              label="Name"
              value={name}
              button="Rename"
              hint={<p className="muted small">Versions and aliases move along. Programs that load it by the old name will fail.</p>}
              close={() => setAsking(null)}
              save={async (text) => {
                await edit(renamingModel(name, text.trim(), (to) => navigate({ to: "/models/$name", params: { name: to } })));
                forgetPlace({ kind: "model", id: name });
              }}
            />
          )}
          {asking === "delete" && (
            <ConfirmDialog
              title={`Delete ${name} for good?`}
              button="Delete"
              danger
              typed={name}
              close={() => setAsking(null)}
              act={async () => {
                await edit({ said: `Deleted ${name}.`, act: () => deleteModel(name), touches: [["models"], ["versions"]] });
                forgetPlace({ kind: "model", id: name });
                void navigate({ to: "/models" });
              }}
            >
              <p>
                This cannot be undone: {formatCount(versions.length, "version")} and{" "}
                {formatCount(Object.keys(model.aliases ?? {}).length, "alias", "aliases")} go with it. The files of the sources
                stay.
              </p>
            </ConfirmDialog>
          )}
        </div>
      )}
    </>
  );
}

function AliasCard({ model, versions, add }: { model: RegisteredModel; versions: readonly ModelVersion[]; add: () => void }) {
  const [moved, setMoved] = useState<string | null>(null);
  const quietly = useQuietEdit();
  const aliases = Object.entries(model.aliases ?? {}).sort(([a], [b]) => a.localeCompare(b));
  return (
    <Card
      title="Aliases"
      count={aliases.length}
      actions={
        <button type="button" className="button quiet" disabled={versions.length === 0} onClick={add}>
          Set an alias
        </button>
      }
    >
      {aliases.length === 0 ? (
        <p className="muted pad">An alias such as @champion is a name that programs load, whichever version it means.</p>
      ) : (
        <ul className="rows">
          {aliases.map(([alias, version]) => (
            <li key={alias}>
              <span className="chip accent">@{alias}</span>
              <Link to="/models/$name/versions/$version" params={{ name: model.name, version: String(version) }} className="link">
                v{version}
              </Link>
              <span className="push">
                <button type="button" className="button quiet" aria-label={`Move @${alias}`} onClick={() => setMoved(alias)}>
                  Move
                </button>
                <button
                  type="button"
                  className="button quiet icon"
                  aria-label={`Remove @${alias}`}
                  onClick={() => quietly(aliasing(model, alias, null))}
                >
                  <Icon name="cross" size={14} />
                </button>
              </span>
            </li>
          ))}
        </ul>
      )}
      {moved !== null && (
        <AliasDialog
          model={model}
          versions={versions}
          alias={moved}
          {...(model.aliases?.[moved] === undefined ? {} : { version: model.aliases[moved] })}
          close={() => setMoved(null)}
        />
      )}
    </Card>
  );
}

function Use({ model, versions }: { model: RegisteredModel; versions: readonly ModelVersion[] }) {
  const aliases = Object.keys(model.aliases ?? {});
  const alias = aliases.includes("champion") ? "champion" : aliases[0];
  const newest = versions[0]?.version;
  if (alias === undefined && newest === undefined) return null;
  const uri = alias === undefined ? `models:/${model.name}/${newest}` : `models:/${model.name}@${alias}`;
  return (
    <Card title="Load and serve it">
      <div className="pad">
        <Ways ways={waysOf(uri)} />
      </div>
    </Card>
  );
}

function ways(name: string) {
  return {
    python: `import treering\n\ntreering.set_tracking_uri("${location.origin}")\nclient = treering.MlflowClient()\nmodel = client.get_registered_model(${python(name)})\nprint(model.aliases, [version.version for version in model.latest_versions])`,
    cli: `export TREERING_TRACKING_URI=${location.origin}\ntreering registry show ${shell(name)}`,
    rest: `curl ${location.origin}/api/v1/registered-models/${encodeURIComponent(name)}`,
  };
}
