/** Deployments on the overview: those that ask for something first. Nothing where none is recorded. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { deploymentsQuery } from "../../api/deployments";
import { Card } from "../card";
import { Icon } from "../icons";
import { DeploymentState, ReleaseLink } from "./marks";

const SHOWN = 5;
const ORDER = ["FAILED", "DEGRADED", "UNKNOWN", "CANARY", "PENDING", "READY"];

export function DeploymentsCard() {
  const items = useQuery({ ...deploymentsQuery(), retry: false }).data ?? [];
  if (items.length === 0) return null;
  const sorted = [...items].sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || b.updated - a.updated);
  return (
    <Card title="Deployments" count={items.length}>
      <ul className="rows">
        {sorted.slice(0, SHOWN).map((item) => (
          <li key={item.name}>
            <Icon name="deploy" size={14} />
            <Link to="/deployments/$name" params={{ name: item.name }} className="ellipsis">
              {item.name}
            </Link>
            <span className="muted small ellipsis">
              <ReleaseLink release={item.current} short />
            </span>
            <span className="push">
              <DeploymentState state={item.state} />
            </span>
          </li>
        ))}
      </ul>
    </Card>
  );
}
