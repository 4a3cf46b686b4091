/** What the table shows, said in Python, on the command line and over REST. */

import type { CodeWays } from "../codeways";

interface Asked {
  experimentIds: readonly string[];
  filter: string;
  order: readonly string[];
  view: "ACTIVE_ONLY" | "DELETED_ONLY" | "ALL";
  origin: string;
}

export function codeOf({ experimentIds, filter, order, view, origin }: Asked): CodeWays {
  const ids = JSON.stringify(experimentIds);
  const python = [
    "import treering",
    "",
    `treering.set_tracking_uri(${JSON.stringify(origin)})`,
    "runs = treering.search_runs(",
    `    experiment_ids=${ids.replaceAll(",", ", ")},`,
    ...(filter ? [`    filter_string=${pythonText(filter)},`] : []),
    ...(order.length > 0 ? [`    order_by=[${order.map(pythonText).join(", ")}],`] : []),
    ...(view === "ACTIVE_ONLY" ? [] : [`    run_view_type="${view}",`]),
    ")",
  ];
  const one = experimentIds.length === 1;
  const cli = [
    `treering runs ${one ? "list" : "search"}`,
    ...experimentIds.map((id) => `--experiment-id ${id}`),
    ...(filter ? [`--filter ${shellText(filter)}`] : []),
    ...order.map((term) => `--order-by ${shellText(term)}`),
    ...(view === "ACTIVE_ONLY" ? [] : [`--view ${view.toLowerCase()}`]),
  ];
  const body = {
    experiment_ids: experimentIds,
    ...(filter ? { filter } : {}),
    ...(order.length > 0 ? { order_by: order } : {}),
    ...(view === "ACTIVE_ONLY" ? {} : { view }),
    max_results: 1000,
  };
  const rest = [
    `curl -X POST ${origin}/api/v1/runs/search`,
    `  -H 'content-type: application/json'`,
    `  -d ${shellText(JSON.stringify(body))}`,
  ];
  return {
    python: python.join("\n"),
    cli: `export TREERING_TRACKING_URI=${origin}\n${cli.join(" \\\n  ")}`,
    rest: rest.join(" \\\n"),
  };
}

function pythonText(text: string): string {
  return JSON.stringify(text);
}

function shellText(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
