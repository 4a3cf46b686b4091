/** Which page stands at which address. */

import { createRootRoute, createRoute, createRouter, Link, redirect } from "@tanstack/react-router";
import { Empty, Failure } from "./components";
import { Frame, TopBar } from "./components/frame";
import { ExperimentsPage } from "./pages/experiments";
import { ModelPage } from "./pages/model";
import { ModelsPage } from "./pages/models";
import { RunPage, type RunTab } from "./pages/run";
import { WorkspacePage } from "./pages/workspace";

type Search = Record<string, string>;

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
  beforeLoad: () => {
    throw redirect({ to: "/experiments", replace: true });
  },
});

const experiments = createRoute({
  getParentRoute: () => root,
  path: "/experiments",
  validateSearch: (search: Record<string, unknown>): { q?: string } => pick(search, ["q"]),
  component: ExperimentsPage,
});

const workspace = createRoute({
  getParentRoute: () => root,
  path: "/experiments/$experimentId",
  validateSearch: (search: Record<string, unknown>): Search =>
    pick(search, ["q", "sort", "cols", "runs", "x", "smooth", "log"]),
  component: WorkspacePage,
});

const run = createRoute({
  getParentRoute: () => root,
  path: "/runs/$runId",
  validateSearch: (search: Record<string, unknown>): { tab?: RunTab; root?: string; path?: string } & Search =>
    pick(search, ["tab", "root", "path", "x", "smooth", "log"]),
  component: RunPage,
});

const models = createRoute({
  getParentRoute: () => root,
  path: "/models",
  validateSearch: (search: Record<string, unknown>): { q?: string } => pick(search, ["q"]),
  component: ModelsPage,
});

const model = createRoute({ getParentRoute: () => root, path: "/models/$name", component: ModelPage });

/** Search parameters are read as plain text, so that an address stays readable and `q=1` is no number. */
export const router = createRouter({
  routeTree: root.addChildren([home, experiments, workspace, run, models, model]),
  parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
  stringifySearch: (search) => {
    const text = new URLSearchParams(search as Search).toString();
    const readable = text.replace(/%2C/g, ",").replace(/%2F/g, "/").replace(/%3A/g, ":");
    return readable ? `?${readable}` : "";
  },
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}

function pick(search: Record<string, unknown>, keys: readonly string[]): Search {
  const found: Search = {};
  for (const key of keys) if (typeof search[key] === "string" && search[key] !== "") found[key] = search[key];
  return found;
}
