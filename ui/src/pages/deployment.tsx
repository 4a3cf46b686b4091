/** One deployment: what it serves and where, its traffic now, how a canary goes, who did what, and what can be done. */

import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { ApiError } from "../api/client";
import { type Deployment, deploymentQuery, lookAgain, touchedWith } from "../api/deployments";
import { Boundary, CopyButton, Empty, Failure, SkeletonRows } from "../components";
import { Card, Pairs } from "../components/card";
import { CodeButton, type CodeWays, Ways } from "../components/codeways";
import { CanaryCard } from "../components/deployments/canary";
import { TrafficCharts } from "../components/deployments/charts";
import { type Asked, DeploymentDialog } from "../components/deployments/dialogs";
import { DeploymentHistory } from "../components/deployments/history";
import { DeploymentState, ReleaseLink } from "../components/deployments/marks";
import { ReleasesCard } from "../components/deployments/releases";
import { RewardsCard } from "../components/deployments/rewards";
import { TrafficCard } from "../components/deployments/traffic";
import { type Traffic, useLive } from "../components/deployments/uselive";
import { TopBar } from "../components/frame";
import { Ago } from "../components/marks";
import { ActionMenu } from "../components/menu";
import { python, shell } from "../lib/begin";
import { useCommands } from "../lib/commands";
import { keeperText, stateOf, wayBack } from "../lib/deployments";
import { type Edit, useQuietEdit } from "../lib/edits";
import { counts } from "../lib/livetraffic";
import "../styles/deployments.css";
import "../styles/registry.css";
import "../styles/run.css";

const LineagePart = lazy(() => import("../components/lineagepart"));

const TABS = { overview: "Overview", history: "History", lineage: "Lineage" } as const;
type Tab = keyof typeof TABS;
const LATELY = 6;

export function DeploymentPage() {
  const { name } = useParams({ from: "/deployments/$name" });
  return <Opened key={name} name={name} />;
}

function Opened({ name }: { name: string }) {
  const { tab: asked = "overview" } = useSearch({ from: "/deployments/$name" });
  const tab: Tab = asked in TABS ? (asked as Tab) : "overview";
  const navigate = useNavigate();
  const query = useQuery(deploymentQuery(name));
  const [asking, setAsking] = useState<Asked | null>(null);
  const item = query.data;
  const there = item !== undefined && item.state !== "REMOVED";
  const traffic = useLive(name, there);
  const managed = there && item.managed;
  const promotes = managed && item.candidate != null;
  const rolls = managed && wayBack(item) !== null;
  // Who interrupts a canary means to end it.
  const promote = () => setAsking({ what: "promote", way: item?.state === "CANARY" ? "all" : "canary" });
  const quietly = useQuietEdit();
  useCommands([
    ...(promotes ? [{ id: "promote", label: "Promote the candidate", group: "Deployment", keys: "p", run: promote }] : []),
    ...(rolls ? [{ id: "roll back", label: "Roll back", group: "Deployment", run: () => setAsking({ what: "rollback" }) }] : []),
  ]);
  return (
    <>
      <TopBar
        actions={
          item && (
            <span className="bar-buttons">
              <CodeButton title={`Ask ${name}`} ways={ways(item)} />
              {promotes && (
                <button type="button" className="button primary" onClick={promote}>
                  Promote…
                </button>
              )}
              {managed && (
                <ActionMenu
                  label="What to do with this deployment"
                  actions={[
                    { label: "Look how it stands", run: () => quietly(looking(name)) },
                    ...(rolls ? [{ label: "Roll back…", run: () => setAsking({ what: "rollback" }) }] : []),
                    { label: "Remove…", danger: true, run: () => setAsking({ what: "remove" }) },
                  ]}
                />
              )}
            </span>
          )
        }
      >
        <Link to="/deployments" className="parent detail">
          Deployments /
        </Link>
        <h1 className="ellipsis">{name}</h1>
      </TopBar>
      {!item ? (
        query.isError ? <Missing name={name} error={query.error} retry={() => void query.refetch()} /> : <SkeletonRows rows={10} />
      ) : (
        <>
          <Head item={item} />
          <nav className="tabs" aria-label="Parts of the deployment">
            {(Object.keys(TABS) as Tab[]).map((key) => (
              <Link
                key={key}
                to="/deployments/$name"
                params={{ name }}
                search={key === "overview" ? {} : { tab: key }}
                activeOptions={{ exact: true, includeSearch: true }}
                aria-current={tab === key ? "page" : undefined}
              >
                {TABS[key]}
              </Link>
            ))}
          </nav>
          <Boundary key={tab} what="This part of the deployment could not be shown.">
            <Suspense fallback={<SkeletonRows rows={8} />}>
              {tab === "lineage" ? (
                <LineagePart uri={`deployments:/${name}`} />
              ) : tab === "history" ? (
                <div className="page tinted pad" tabIndex={0}>
                  <DeploymentHistory name={name} />
                </div>
              ) : (
                <Overview item={item} traffic={traffic} ask={setAsking} />
              )}
            </Suspense>
          </Boundary>
          {asking && (
            <DeploymentDialog item={item} asked={asking} close={() => setAsking(null)} removed={() => void navigate({ to: "/deployments" })} />
          )}
        </>
      )}
    </>
  );
}

/** Asks its target: the record says how it stood when somebody asked last. */
function looking(name: string): Edit<Deployment> {
  return {
    said: ({ state }) => `${name}: ${stateOf(state).word.toLowerCase()}.`,
    act: () => lookAgain(name),
    touches: touchedWith(name),
  };
}

function Missing({ name, error, retry }: { name: string; error: unknown; retry: () => void }) {
  if (!(error instanceof ApiError) || error.status !== 404) {
    return <Failure what={`Deployment ${name} could not be opened.`} error={error} retry={retry} />;
  }
  return (
    <Empty title={`No deployment called ${name} is recorded.`}>
      <Link to="/deployments" className="button">
        All deployments
      </Link>
    </Empty>
  );
}

function Head({ item }: { item: Deployment }) {
  const { state, current, target, address, owner, updated, managed, keeper, message } = item;
  const web = /^https?:\/\//.test(address);
  return (
    <>
      <div className="facts">
        <DeploymentState state={state} />
        <span className="value">
          <ReleaseLink release={current} />
        </span>
        <span className="muted">
          at <span className="value">{target}</span>
        </span>
        {address && (
          <span className="line">
            {web ? (
              <a href={address} className="link breaks" target="_blank" rel="noreferrer">
                {address}
              </a>
            ) : (
              <code className="breaks">{address}</code>
            )}
          </span>
        )}
        <span className="muted">
          Changed{" "}
          <span className="value">
            <Ago time={updated} />
          </span>
        </span>
        {owner && (
          <span className="muted">
            made by <span className="value">{owner}</span>
          </span>
        )}
        {!managed && state !== "REMOVED" && (
          <span className="muted">
            managed from <span className="value breaks">{keeperText(keeper) || "elsewhere"}</span>
          </span>
        )}
      </div>
      {message && state !== "READY" && (
        <p className={`deployment-message state wraps ${state === "FAILED" ? "err" : "warn"}`} role="status">
          {message}
        </p>
      )}
    </>
  );
}

interface OverviewProps {
  item: Deployment;
  traffic: Traffic;
  ask: (asked: Asked) => void;
}

function Overview({ item, traffic, ask }: OverviewProps) {
  const there = item.state !== "REMOVED";
  return (
    <div className="page deployment" tabIndex={0}>
      {there && <CanaryCard item={item} traffic={traffic} ask={ask} />}
      {there && <TrafficCard traffic={traffic} />}
      {there && <RewardsCard live={traffic.live} />}
      {there && tells(traffic) && <TrafficCharts traffic={traffic} />}
      <div className="deployment-columns">
        <div className="column">
          <ReleasesCard item={item} />
          {there && (
            <Card title="Ask it" actions={item.address ? <CopyButton text={item.address} label="Copy the address" /> : undefined}>
              <div className="pad">
                <Ways ways={ways(item)} />
              </div>
            </Card>
          )}
        </div>
        <div className="column">
          <DeploymentHistory name={item.name} most={LATELY} />
          <Pairs title="Configuration" pairs={Object.entries(item.config)} empty={`${item.target} was told nothing in particular.`} />
          {Object.keys(item.tags).length > 0 && <Pairs title="Tags" pairs={Object.entries(item.tags)} empty="" />}
        </div>
      </div>
    </div>
  );
}

/** Whether there is, or may come, something to draw. */
function tells({ live, samples, error }: Traffic): boolean {
  return samples.length > 0 || (error === null && (live === undefined || counts(live)));
}

/** How it is asked. */
function ways({ name, target, address }: Deployment): CodeWays {
  const body = '{"inputs": [[1, 2, 3, 4]]}';
  return {
    ...(/^https?:/.test(address) && {
      rest: `curl ${shell(`${address.replace(/\/$/, "")}/invocations`)} -H 'content-type: application/json' \\\n  -d '${body}'`,
    }),
    python: [
      "import treering",
      "",
      `treering.set_tracking_uri(${python(location.origin)})`,
      `client = treering.deployments.get_deploy_client(${python(target)})`,
      `client.predict(deployment_name=${python(name)}, inputs={"inputs": [[1, 2, 3, 4]]})`,
    ].join("\n"),
    cli: `export TREERING_TRACKING_URI=${location.origin}\ntreering deployments predict -t ${shell(target)} --name ${shell(name)} -I input.json`,
  };
}
