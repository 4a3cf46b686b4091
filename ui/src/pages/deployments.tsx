/** Where models are served. Nothing records deployments yet: the list has its shape, and says what can be done today. */

import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { Empty, Snippet } from "../components";
import { TopBar } from "../components/frame";
import { type Choice, type Column, ListPage, NotYet } from "../components/listpage";
import { Ago, State } from "../components/marks";
import { formatDuration, formatNumber } from "../lib/format";
import "../styles/plain.css";

/** A model version at a target. */
export interface Deployment {
  name: string;
  target: string;
  model: string;
  version: number;
  state: "running" | "starting" | "failed" | "stopped";
  url: string;
  /** Share of the traffic, 0 to 1. */
  share: number;
  requestsPerSecond: number;
  /** 95 % of the answers took less, in ms. */
  latency: number;
  since: number;
}

const NONE: readonly Deployment[] = [];
const CHOICES: readonly Choice[] = [{ name: "state", label: "State", options: ["running", "starting", "failed", "stopped"] }];
const COLUMNS: readonly Column<Deployment>[] = [
  {
    label: "Deployment",
    cell: (item) => (
      <Link to="/deployments/$name" params={{ name: item.name }} className="row-link ellipsis">
        {item.name}
      </Link>
    ),
  },
  {
    label: "Model",
    cell: (item) => (
      <Link to="/models/$name/versions/$version" params={{ name: item.model, version: String(item.version) }} className="link">
        {item.model} v{item.version}
      </Link>
    ),
  },
  { label: "State", cell: (item) => <State status={item.state} /> },
  { label: "Target", cell: (item) => item.target, wide: true },
  { label: "Traffic", cell: (item) => `${Math.round(item.share * 100)} %`, numeric: true, wide: true },
  { label: "Requests/s", cell: (item) => formatNumber(item.requestsPerSecond), numeric: true, wide: true },
  { label: "95 % within", cell: (item) => formatDuration(item.latency), numeric: true, wide: true },
  { label: "Since", cell: (item) => <Ago time={item.since} /> },
];

export function DeploymentsPage() {
  const search = useSearch({ from: "/deployments" });
  const navigate = useNavigate({ from: "/deployments" });
  return (
    <ListPage
      title="Deployments"
      rows={NONE}
      id={(item) => item.name}
      text={(item) => `${item.name} ${item.model} ${item.target}`}
      value={(item) => item.state}
      columns={COLUMNS}
      choices={CHOICES}
      search={search}
      onSearch={(next) => void navigate({ search: next, replace: true })}
      empty={
        <NotYet
          title="No deployment is recorded."
          coming={[
            "each place where a version is served, with its state and since when",
            "traffic, latency and errors, and which share of the traffic goes where",
            "a way back to the version before",
          ]}
        >
          <p>Serve a registered model from any machine that reaches this server, and ask it:</p>
          <Snippet
            label="Serve it"
            code={`export TREERING_TRACKING_URI=${location.origin}\ntreering models serve -m models:/NAME@champion --port 5001`}
          />
          <Snippet
            label="Ask it"
            code={`curl http://127.0.0.1:5001/invocations -H 'content-type: application/json' \\\n  -d '{"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2]]}}'`}
          />
          <p>
            Which version an alias means is moved on <Link to="/models" className="link">the model’s page</Link>; a server takes
            the new one when it is started again.
          </p>
        </NotYet>
      }
    />
  );
}

export function DeploymentPage() {
  const { name } = useParams({ from: "/deployments/$name" });
  return (
    <>
      <TopBar>
        <Link to="/deployments" className="parent">
          Deployments /
        </Link>
        <h1 className="ellipsis">{name}</h1>
      </TopBar>
      <Empty title={`No deployment called ${name} is recorded.`}>
        <Link to="/deployments" className="button">
          All deployments
        </Link>
      </Empty>
    </>
  );
}
