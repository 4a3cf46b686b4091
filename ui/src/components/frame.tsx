/** What surrounds every page: the sidebar, the line at the top, and the palette behind Ctrl-K. */

import { useQuery } from "@tanstack/react-query";
import { Link, Outlet, useLocation, useNavigate } from "@tanstack/react-router";
import { createContext, type ReactNode, useContext, useEffect, useRef, useState } from "react";
import { serverQuery } from "../api/server";
import { listen, useCommands } from "../lib/commands";
import { undoLast } from "../lib/notices";
import { PAGES } from "../lib/pages";
import { addressOf, type Place, recentPlaces, same, usePinned, useRecent } from "../lib/places";
import { applyPreferences, preferences, setPreferences, usePreferences } from "../lib/preferences";
import { setTheme, type ThemeChoice, useTheme } from "../lib/theme";
import { ConnectionLine, RunEnds, useFollowedConnection, usePageHeading, useVisits } from "./follow";
import { Icon, type IconName, Mark } from "./icons";
import { Palette } from "./palette";
import { isApple, ShortcutSheet } from "./sheet";
import { Toasts } from "./toasts";

applyPreferences();
// Where to begin is a matter of the first address only: a click on "Overview" leads there.
const { landing } = preferences();
if (location.pathname === "/" && !location.search && !location.hash && landing !== "/") {
  const last = recentPlaces()[0];
  history.replaceState(null, "", landing === "last" ? (last ? addressOf(last) : "/") : landing);
}

/** How many experiments the sidebar names beside those that are pinned. */
const RECENT = 4;

interface FrameActions {
  openMenu: () => void;
  openKeys: () => void;
}
const Actions = createContext<FrameActions>({ openMenu: () => undefined, openKeys: () => undefined });

export function Frame() {
  const [over, setOver] = useState<"palette" | "keys" | null>(null);
  const drawer = useRef<HTMLDialogElement>(null);
  const main = useRef<HTMLElement>(null);
  const path = useLocation({ select: (location) => location.pathname });
  const navigate = useNavigate();
  const { narrow } = usePreferences();
  const openPalette = () => {
    drawer.current?.close();
    setOver("palette");
  };
  const actions = { openMenu: () => drawer.current?.showModal(), openKeys: () => setOver("keys") };
  useCommands([
    { id: "palette", label: "Search and commands", group: "Everywhere", keys: "mod+k", hidden: true, run: openPalette },
    { id: "keys", label: "All keys", group: "Everywhere", keys: "?", run: () => setOver("keys") },
    { id: "undo", label: "Undo", group: "Everywhere", keys: "mod+z", run: () => void undoLast() },
    {
      id: "sidebar",
      label: narrow ? "Widen the sidebar" : "Narrow the sidebar",
      group: "Everywhere",
      keys: "mod+b",
      run: () => setPreferences({ narrow: !narrow }),
    },
    ...THEMES.map((theme) => ({
      id: `theme ${theme.value}`,
      label: theme.label,
      group: "Everywhere",
      run: () => setTheme(theme.value),
    })),
    ...PAGES.map((page) => ({
      id: `go ${page.to}`,
      label: `Go to ${page.label}`,
      group: "Go to",
      keys: `g ${page.key}`,
      // The palette lists pages by themselves.
      hidden: true,
      run: () => void navigate({ to: page.to }),
    })),
  ]);
  useFollowedConnection();
  usePageHeading(main);
  useVisits();
  useEffect(() => listen(document), []);
  useEffect(() => {
    drawer.current?.close();
  }, [path]);

  return (
    <Actions value={actions}>
      <button type="button" className="button skip" onClick={() => main.current?.focus()}>
        Skip to the page
      </button>
      <div className="frame" data-narrow={narrow ? "" : undefined}>
        <Sidebar search={openPalette} narrow={narrow} />
        <main className="main" ref={main} tabIndex={-1}>
          <Outlet />
        </main>
      </div>
      <dialog
        className="drawer"
        ref={drawer}
        aria-label="Navigation"
        onClick={(event) => event.target === drawer.current && drawer.current.close()}
      >
        <Sidebar search={openPalette} narrow={false} />
      </dialog>
      {over === "palette" && <Palette close={() => setOver(null)} />}
      {over === "keys" && <ShortcutSheet close={() => setOver(null)} />}
      <RunEnds />
      <Toasts />
    </Actions>
  );
}

/** The 48-pixel line above a page: where one is, and what can be done here. */
export function TopBar({ children, actions }: { children: ReactNode; actions?: ReactNode }) {
  const { openMenu } = useContext(Actions);
  return (
    <>
      <header className="topbar">
        <button type="button" className="button quiet icon menu-button" aria-label="Open navigation" onClick={openMenu}>
          <Icon name="menu" />
        </button>
        <div className="crumbs">{children}</div>
        {actions}
      </header>
      <ConnectionLine />
    </>
  );
}

/** Opens the sheet of all keys. */
export function useOpenKeys(): () => void {
  return useContext(Actions).openKeys;
}

function Sidebar({ search, narrow }: { search: () => void; narrow: boolean }) {
  // It is fetched for the settings; the first load does without.
  const server = useQuery({ ...serverQuery, enabled: false });
  const path = useLocation({ select: (location) => location.pathname });
  const pinned = usePinned();
  const recent = useRecent().filter(
    (place) => place.kind === "experiment" && !pinned.some((other) => same(other, place)),
  );
  return (
    <nav className="sidebar" aria-label="Main" data-narrow={narrow ? "" : undefined}>
      <Link to="/" className="brand" aria-label="Treering">
        <Mark /> <span className="word">Treering</span>
      </Link>
      <button type="button" className="nav-item search" onClick={search} title={narrow ? "Search" : undefined}>
        <Icon name="search" />
        <span className="word">Search</span>
        <kbd className="key-cap word">{isApple() ? "⌘K" : "Ctrl K"}</kbd>
      </button>
      <div className="group">
        <span className="word">Workspace</span>
      </div>
      {PAGES.map((page) => (
        <Link
          key={page.to}
          to={page.to}
          className="nav-item"
          title={narrow ? page.label : undefined}
          aria-current={isAt(path, page.to) ? "page" : undefined}
        >
          <Icon name={page.icon} />
          <span className="word">{page.label}</span>
        </Link>
      ))}
      {!narrow && (
        <>
          <Places title="Pinned" places={pinned} path={path} />
          <Places title="Opened lately" places={recent.slice(0, RECENT)} path={path} />
        </>
      )}
      <div className="sidebar-foot">
        <span className="word">{server.data ? `v${server.data.version}` : ""}</span>
        {!narrow && <ThemeSwitch />}
        <button
          type="button"
          className="button quiet icon narrow-button"
          aria-label={narrow ? "Widen the sidebar" : "Narrow the sidebar"}
          title={`${narrow ? "Widen" : "Narrow"} the sidebar (${isApple() ? "⌘" : "Ctrl "}B)`}
          onClick={() => setPreferences({ narrow: !narrow })}
        >
          <Icon name="pane" />
        </button>
      </div>
    </nav>
  );
}

function Places({ title, places, path }: { title: string; places: readonly Place[]; path: string }) {
  if (places.length === 0) return null;
  return (
    <>
      <div className="group">{title}</div>
      {places.map((place) => (
        <Link
          key={place.id}
          to={addressOf(place)}
          className="nav-item place"
          title={place.name}
          aria-current={path === addressOf(place) ? "page" : undefined}
        >
          <span className="ellipsis">{place.name}</span>
        </Link>
      ))}
    </>
  );
}

const THEMES: { value: ThemeChoice; icon: IconName; label: string }[] = [
  { value: "light", icon: "sun", label: "Light theme" },
  { value: "dark", icon: "moon", label: "Dark theme" },
  { value: "system", icon: "system", label: "Theme of the system" },
];

export function ThemeSwitch() {
  const { choice } = useTheme();
  return (
    <span className="segments" role="group" aria-label="Theme">
      {THEMES.map((option) => (
        <button
          key={option.value}
          type="button"
          aria-pressed={choice === option.value}
          aria-label={option.label}
          title={option.label}
          onClick={() => setTheme(option.value)}
        >
          <Icon name={option.icon} size={14} />
        </button>
      ))}
    </span>
  );
}

function isAt(path: string, page: string): boolean {
  if (page === "/experiments" && (path.startsWith("/runs/") || path === "/compare")) return true;
  return page === "/" ? path === "/" : path === page || path.startsWith(`${page}/`);
}
