/** How served models do. Nothing watches them yet: the list has its shape, and says what can be done today. */

import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { Empty, Snippet } from "../components";
import { TopBar } from "../components/frame";
import { type Choice, type Column, ListPage, NotYet } from "../components/listpage";
import { Ago, State } from "../components/marks";
import { formatNumber } from "../lib/format";
import "../styles/plain.css";

/** What is watched of a model, and how it stands. */
export interface Monitor {
  name: string;
  model: string;
  version: number;
  kind: "drift" | "quality" | "traffic";
  state: "fine" | "warning" | "alarm" | "silent";
  /** What was measured last, and where it begins to be too much. */
  value: number;
  limit: number;
  checked: number;
}

const NONE: readonly Monitor[] = [];
const CHOICES: readonly Choice[] = [
  { name: "kind", label: "Kind", options: ["drift", "quality", "traffic"] },
  { name: "state", label: "State", options: ["fine", "warning", "alarm", "silent"] },
];
const COLUMNS: readonly Column<Monitor>[] = [
  {
    label: "Monitor",
    cell: (item) => (
      <Link to="/monitoring/$name" params={{ name: item.name }} className="row-link ellipsis">
        {item.name}
      </Link>
    ),
  },
  { label: "Model", cell: (item) => `${item.model} v${item.version}` },
  { label: "State", cell: (item) => <State status={item.state} /> },
  { label: "Kind", cell: (item) => item.kind, wide: true },
  { label: "Value", cell: (item) => formatNumber(item.value), numeric: true, wide: true },
  { label: "Limit", cell: (item) => formatNumber(item.limit), numeric: true, wide: true },
  { label: "Checked", cell: (item) => <Ago time={item.checked} /> },
];

export function MonitoringPage() {
  const search = useSearch({ from: "/monitoring" });
  const navigate = useNavigate({ from: "/monitoring" });
  return (
    <ListPage
      title="Monitoring"
      rows={NONE}
      id={(item) => item.name}
      text={(item) => `${item.name} ${item.model}`}
      value={(item, choice) => (choice === "kind" ? item.kind : item.state)}
      columns={COLUMNS}
      choices={CHOICES}
      search={search}
      onSearch={(next) => void navigate({ search: next, replace: true })}
      empty={
        <NotYet
          title="Nothing is watched."
          coming={[
            "drift: how far what a model is asked today lies from what it learned from",
            "quality: how right it was, once the truth is known",
            "alarms, and which of them are open",
          ]}
        >
          <p>
            What you measure of a served model can be logged as a run, and is charted like any other; a run may stay open for as
            long as the model is served:
          </p>
          <Snippet
            label="Python"
            code={[
              "import treering",
              "",
              `treering.set_tracking_uri("${location.origin}")`,
              'treering.set_experiment("churn in production")',
              'with treering.start_run(run_name="quality"):',
              '    treering.log_metric("recall", recall, step=day)',
            ].join("\n")}
          />
          <p>
            A <Link to="/settings" className="link">webhook</Link> tells another program when a version or an alias changes.
          </p>
        </NotYet>
      }
    />
  );
}

export function MonitorPage() {
  const { name } = useParams({ from: "/monitoring/$name" });
  return (
    <>
      <TopBar>
        <Link to="/monitoring" className="parent">
          Monitoring /
        </Link>
        <h1 className="ellipsis">{name}</h1>
      </TopBar>
      <Empty title={`Nothing called ${name} is watched.`}>
        <Link to="/monitoring" className="button">
          All of monitoring
        </Link>
      </Empty>
    </>
  );
}
