/** Where models are served: what stands there, how the traffic is split, how much is asked, and how fast it is answered. */

import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useRef } from "react";
import { type Deployment, deploymentsQuery, liveQuery } from "../api/deployments";
import { Empty, Snippet } from "../components";
import { useInSight } from "../components/charts/state";
import { DeploymentState, ReleaseLink } from "../components/deployments/marks";
import { type Choice, type Column, ListPage } from "../components/listpage";
import { Ago } from "../components/marks";
import { latencyText, partText, rateText, shareText, shortText, STATE_NAMES } from "../lib/deployments";
import "../styles/plain.css";

/** How often a line asks how it goes, in ms; only lines that are on the screen do. */
const EVERY = 10_000;
const NONE: readonly Deployment[] = [];

const SERVING = ["READY", "DEGRADED", "UNKNOWN"];

type What = "rate" | "p95" | "errors";

const COLUMNS: readonly Column<Deployment>[] = [
  {
    label: "Deployment",
    cell: (item) => (
      <Link to="/deployments/$name" params={{ name: item.name }} className="row-link ellipsis">
        {item.name}
      </Link>
    ),
  },
  { label: "Model", cell: (item) => <ReleaseLink release={item.current} /> },
  { label: "State", cell: (item) => <DeploymentState state={item.state} /> },
  { label: "Target", cell: (item) => item.target, roomy: true },
  { label: "Traffic", cell: (item) => <Split item={item} />, wide: true },
  { label: "Requests/s", cell: (item) => <Figure item={item} what="rate" />, numeric: true, wide: true },
  { label: "95 % within", cell: (item) => <Figure item={item} what="p95" />, numeric: true, wide: true },
  { label: "Errors", cell: (item) => <Figure item={item} what="errors" />, numeric: true, wide: true },
  { label: "Changed", cell: (item) => <Ago time={item.updated} />, roomy: true },
];

export function DeploymentsPage() {
  const search = useSearch({ from: "/deployments" });
  const navigate = useNavigate({ from: "/deployments" });
  const removed = search.state === "removed";
  const query = useQuery(deploymentsQuery(removed));
  const targets = [...new Set((query.data ?? NONE).map((item) => item.target))].sort();
  const choices: Choice[] = [
    { name: "state", label: "State", options: STATE_NAMES },
    ...(targets.length > 1 || search.target ? [{ name: "target", label: "Target", options: targets }] : []),
  ];
  return (
    <ListPage
      title="Deployments"
      rows={query.data ?? NONE}
      pending={query.isPending}
      error={query.data ? null : query.error}
      retry={() => void query.refetch()}
      id={(item) => item.name}
      text={(item) => [item.name, item.target, item.current.model, item.current.version, item.candidate?.model, item.address].join(" ")}
      value={(item, choice) => (choice === "target" ? item.target : item.state.toLowerCase())}
      columns={COLUMNS}
      choices={choices}
      search={search}
      onSearch={(next) => void navigate({ search: next, replace: true })}
      empty={<Beginning />}
    />
  );
}

function Split({ item }: { item: Deployment }) {
  const { current, candidate, weight } = item;
  if (!candidate) return SERVING.includes(item.state) ? <>100 %</> : <span className="muted">–</span>;
  return (
    <span>
      {shortText(current)} {shareText(100 - weight)} · {shortText(candidate)} {shareText(weight)}
    </span>
  );
}

/** A figure of now over all variants that answer; the cells of a line share one question. */
function Figure({ item, what }: { item: Deployment; what: What }) {
  const cell = useRef<HTMLSpanElement>(null);
  const inSight = useInSight(cell);
  const live = useQuery({ ...liveQuery(item.name, EVERY), enabled: inSight && item.state !== "REMOVED" }).data;
  return (
    <span ref={cell} title={live && !live.reachable ? live.message : undefined}>
      {live?.reachable ? figureOf(live.variants.filter((variant) => variant.role !== "shadow"), what) : <span className="muted">–</span>}
    </span>
  );
}

interface Counted {
  rate: number | null;
  p95: number | null;
  error_rate: number | null;
}

/** Of several variants the sum of their requests, the slowest, and the errors of all requests. */
function figureOf(variants: readonly Counted[], what: What): string {
  if (variants.every((variant) => variant.rate === null)) return "–";
  const asked = variants.reduce((sum, variant) => sum + (variant.rate ?? 0), 0);
  if (what === "rate") return rateText(asked);
  const known = variants.filter((variant) => (what === "p95" ? variant.p95 : variant.error_rate) !== null);
  if (known.length === 0) return "–";
  if (what === "p95") return latencyText(Math.max(...known.map((variant) => variant.p95!)));
  return partText(asked === 0 ? 0 : known.reduce((sum, variant) => sum + variant.error_rate! * (variant.rate ?? 0), 0) / asked);
}

function Beginning() {
  return (
    <Empty title="Nothing is deployed yet.">
      <p>
        A deployment is a model, or a bundle, that is served somewhere under a name: as processes of this machine, in containers, in
        Kubernetes, in a cloud. It is recorded here with its versions, its traffic and all that was done to it.
      </p>
      <Snippet
        label="Shell"
        code={`export TREERING_TRACKING_URI=${location.origin}\ntreering deploy models:/churn@champion --name churn`}
      />
      <p>
        The models that can be deployed are on <Link to="/models" className="link">their page</Link>.
      </p>
    </Empty>
  );
}
