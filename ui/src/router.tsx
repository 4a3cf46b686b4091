/** Which page stands at which address. The workspace comes with the first load, another page's code when it is opened. */

import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Link } from "@tanstack/react-router";
import { Empty, Failure, SkeletonRows } from "./components";
import { Frame, TopBar } from "./components/frame";
import type { RunTab } from "./pages/run";
import { WorkspacePage } from "./pages/workspace";

/** Search parameters of an address, each a text. */
export type Search = Record<string, string>;

const root = createRootRoute({
  component: Frame,
  notFoundComponent: () => (
    <>
      <TopBar>
        <h1>Not found</h1>
      </TopBar>
      <Empty title="There is no such page.">
        <Link to="/experiments" className="button">
          Go to the experiments
        </Link>
      </Empty>
    </>
  ),
  errorComponent: ({ error, reset }) => <Failure what="The page could not be shown." error={error} retry={reset} />,
});

const home = createRoute({
  getParentRoute: () => root,
  path: "/",
  component: lazyRouteComponent(() => import("./pages/overview"), "OverviewPage"),
});

const experiments = createRoute({
  getParentRoute: () => root,
  path: "/experiments",
  validateSearch: (search: Record<string, unknown>): { q?: string } & Search => texts(search),
  component: lazyRouteComponent(() => import("./pages/experiments"), "ExperimentsPage"),
});

const workspace = createRoute({
  getParentRoute: () => root,
  path: "/experiments/$experimentId",
  validateSearch: (search: Record<string, unknown>): Search => texts(search),
  component: WorkspacePage,
});

const compare = createRoute({
  getParentRoute: () => root,
  path: "/compare",
  validateSearch: (search: Record<string, unknown>): { runs?: string } & Search => texts(search),
  component: lazyRouteComponent(() => import("./pages/compare"), "ComparePage"),
});

const run = createRoute({
  getParentRoute: () => root,
  path: "/runs/$runId",
  validateSearch: (search: Record<string, unknown>): { tab?: RunTab; root?: string; path?: string } & Search =>
    texts(search),
  component: lazyRouteComponent(() => import("./pages/run"), "RunPage"),
});

const models = createRoute({
  getParentRoute: () => root,
  path: "/models",
  validateSearch: (search: Record<string, unknown>): { q?: string } & Search => texts(search),
  component: lazyRouteComponent(() => import("./pages/models"), "ModelsPage"),
});

const model = createRoute({
  getParentRoute: () => root,
  path: "/models/$name",
  validateSearch: (search: Record<string, unknown>): Search => texts(search),
  component: lazyRouteComponent(() => import("./pages/model"), "ModelPage"),
});

const version = createRoute({
  getParentRoute: () => root,
  path: "/models/$name/versions/$version",
  validateSearch: (search: Record<string, unknown>): Search => texts(search),
  component: lazyRouteComponent(() => import("./pages/version"), "VersionPage"),
});

const data = createRoute({
  getParentRoute: () => root,
  path: "/data",
  validateSearch: (search: Record<string, unknown>): Search => texts(search),
  component: lazyRouteComponent(() => import("./pages/data"), "DataPage"),
});

const dataset = createRoute({
  getParentRoute: () => root,
  path: "/data/$name",
  validateSearch: (search: Record<string, unknown>): Search => texts(search),
  component: lazyRouteComponent(() => import("./pages/dataset"), "DatasetPage"),
});

const tracked = createRoute({
  getParentRoute: () => root,
  path: "/data/tracked/$",
  validateSearch: (search: Record<string, unknown>): Search => texts(search),
  component: lazyRouteComponent(() => import("./pages/tracked"), "TrackedPage"),
});

const lineage = createRoute({
  getParentRoute: () => root,
  path: "/lineage",
  validateSearch: (search: Record<string, unknown>): { uri?: string } & Search => texts(search),
  component: lazyRouteComponent(() => import("./pages/lineage"), "LineagePage"),
});

const pipelines = createRoute({
  getParentRoute: () => root,
  path: "/pipelines",
  validateSearch: (search: Record<string, unknown>): Search => texts(search),
  component: lazyRouteComponent(() => import("./pages/pipelines"), "PipelinesPage"),
});

const deployments = createRoute({
  getParentRoute: () => root,
  path: "/deployments",
  validateSearch: (search: Record<string, unknown>): Search => texts(search),
  component: lazyRouteComponent(() => import("./pages/deployments"), "DeploymentsPage"),
});

const deployment = createRoute({
  getParentRoute: () => root,
  path: "/deployments/$name",
  validateSearch: (search: Record<string, unknown>): Search => texts(search),
  component: lazyRouteComponent(() => import("./pages/deployment"), "DeploymentPage"),
});

const monitoring = createRoute({
  getParentRoute: () => root,
  path: "/monitoring",
  validateSearch: (search: Record<string, unknown>): Search => texts(search),
  component: lazyRouteComponent(() => import("./pages/monitoring"), "MonitoringPage"),
});

const monitor = createRoute({
  getParentRoute: () => root,
  path: "/monitoring/$name",
  component: lazyRouteComponent(() => import("./pages/monitoring"), "MonitorPage"),
});

const audit = createRoute({
  getParentRoute: () => root,
  path: "/audit",
  validateSearch: (search: Record<string, unknown>): Search => texts(search),
  component: lazyRouteComponent(() => import("./pages/audit"), "AuditPage"),
});

const settings = createRoute({
  getParentRoute: () => root,
  path: "/settings",
  component: lazyRouteComponent(() => import("./pages/settings"), "SettingsPage"),
});

const tree = root.addChildren([
  home,
  experiments,
  workspace,
  compare,
  run,
  models,
  model,
  version,
  data,
  dataset,
  tracked,
  lineage,
  pipelines,
  deployments,
  deployment,
  monitoring,
  monitor,
  audit,
  settings,
]);

/** Search parameters are read as plain text, so that an address stays readable and `q=1` is no number. */
export const router = createRouter({
  routeTree: tree,
  parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
  stringifySearch: (search) => {
    const text = new URLSearchParams(search as Search).toString();
    const readable = text.replace(/%2C/g, ",").replace(/%2F/g, "/").replace(/%3A/g, ":");
    return readable ? `?${readable}` : "";
  },
  // Several experiments stand in one address as "1,2".
  pathParamsAllowedCharacters: [","],
  scrollRestoration: true,
  defaultPreload: "intent",
  defaultPendingMs: 150,
  defaultPendingComponent: () => (
    <>
      <TopBar>
        <h1> </h1>
      </TopBar>
      <SkeletonRows rows={12} />
    </>
  ),
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}

/** The parameters that say something; a page leaves aside those it does not know. */
function texts(search: Record<string, unknown>): Search {
  const found: Search = {};
  for (const [key, value] of Object.entries(search)) if (typeof value === "string" && value !== "") found[key] = value;
  return found;
}
