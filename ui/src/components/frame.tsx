/** What surrounds every page: the sidebar, the line at the top, and the palette behind Ctrl-K. */

import { useQuery } from "@tanstack/react-query";
import { Link, Outlet, useLocation } from "@tanstack/react-router";
import { createContext, type ReactNode, useContext, useEffect, useRef, useState, useSyncExternalStore } from "react";
import { serverQuery } from "../api/queries";
import { setTheme, type ThemeChoice, useTheme } from "../lib/theme";
import { Icon, type IconName, Mark } from "./icons";
import { Palette } from "./palette";

const PAGES = [
  { to: "/experiments", label: "Experiments" },
  { to: "/models", label: "Models" },
] as const;

interface FrameActions {
  openMenu: () => void;
  openPalette: () => void;
}
const Actions = createContext<FrameActions>({ openMenu: () => undefined, openPalette: () => undefined });

export function Frame() {
  const [searching, setSearching] = useState(false);
  const drawer = useRef<HTMLDialogElement>(null);
  const path = useLocation({ select: (location) => location.pathname });
  const actions = {
    openMenu: () => drawer.current?.showModal(),
    openPalette: () => {
      drawer.current?.close();
      setSearching(true);
    },
  };

  useEffect(() => {
    const keys = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        setSearching(true);
      }
    };
    document.addEventListener("keydown", keys);
    return () => document.removeEventListener("keydown", keys);
  }, []);
  useEffect(() => drawer.current?.close(), [path]);

  return (
    <Actions value={actions}>
      <div className="frame">
        <Sidebar search={actions.openPalette} />
        <main className="main">
          <Outlet />
        </main>
      </div>
      <dialog
        className="drawer"
        ref={drawer}
        aria-label="Navigation"
        onClick={(event) => event.target === drawer.current && drawer.current.close()}
      >
        <Sidebar search={actions.openPalette} />
      </dialog>
      {searching && <Palette close={() => setSearching(false)} />}
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
      <Offline />
    </>
  );
}

function Sidebar({ search }: { search: () => void }) {
  const server = useQuery(serverQuery);
  const path = useLocation({ select: (location) => location.pathname });
  return (
    <nav className="sidebar" aria-label="Main">
      <Link to="/experiments" className="brand">
        <Mark /> Treering
      </Link>
      <button type="button" className="nav-item search" onClick={search}>
        Search <kbd className="key-cap">{isApple() ? "⌘K" : "Ctrl K"}</kbd>
      </button>
      <div className="group">Workspace</div>
      {PAGES.map((page) => (
        <Link
          key={page.to}
          to={page.to}
          className="nav-item"
          aria-current={path.startsWith(page.to) ? "page" : undefined}
        >
          {page.label}
        </Link>
      ))}
      <div className="sidebar-foot">
        <span>{server.data ? `v${server.data.version}` : ""}</span>
        <ThemeSwitch />
      </div>
    </nav>
  );
}

function ThemeSwitch() {
  const { choice } = useTheme();
  const options: { value: ThemeChoice; icon: IconName; label: string }[] = [
    { value: "light", icon: "sun", label: "Light theme" },
    { value: "dark", icon: "moon", label: "Dark theme" },
    { value: "system", icon: "system", label: "Theme of the system" },
  ];
  return (
    <span className="segments" role="group" aria-label="Theme">
      {options.map((option) => (
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

function Offline() {
  const online = useSyncExternalStore(watchOnline, () => navigator.onLine);
  if (online) return null;
  return (
    <div className="offline" role="status">
      Disconnected. What is shown may be out of date; it is renewed when the network is back.
    </div>
  );
}

function watchOnline(listener: () => void): () => void {
  window.addEventListener("online", listener);
  window.addEventListener("offline", listener);
  return () => {
    window.removeEventListener("online", listener);
    window.removeEventListener("offline", listener);
  };
}

function isApple(): boolean {
  return /Mac|iPhone|iPad/.test(navigator.userAgent);
}
