/** Ctrl-K: go anywhere, or do what can be done on this page, by a part of its name. */

import { useNavigate } from "@tanstack/react-router";
import { Fragment, type KeyboardEvent, useDeferredValue, useEffect, useRef, useState } from "react";
import { useAllCommands } from "../lib/commands";
import { PAGES } from "../lib/pages";
import { addressOf, type Place, useRecent } from "../lib/places";
import { best } from "../lib/ranking";
import { type Found, useFound } from "./found";
import { Icon, type IconName } from "./icons";
import { Keys } from "./sheet";

interface Entry {
  id: string;
  section: string;
  name: string;
  kind: string;
  icon: IconName;
  keys?: string | undefined;
  run: () => void;
}

const ICONS: Record<Place["kind"], IconName> = { experiment: "flask", run: "play", model: "model", version: "tag" };
const KINDS: Record<Place["kind"], string> = { experiment: "Experiment", run: "Run", model: "Model", version: "Version" };

export function Palette({ close }: { close: () => void }) {
  const [text, setText] = useState("");
  const [chosen, setChosen] = useState(0);
  const dialog = useRef<HTMLDialogElement>(null);
  const asked = useDeferredValue(text.trim());
  const { found, pending } = useFound(asked);
  const entries = useEntries(asked, found);
  const at = Math.max(0, Math.min(chosen, entries.length - 1));

  // With braces: newer browsers answer a scroll with a promise, which React would take for a clean-up.
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  useEffect(() => {
    document.getElementById(`place-${at}`)?.scrollIntoView({ block: "nearest" });
  }, [at]);

  const open = (entry: Entry | undefined) => {
    if (!entry) return;
    // The dialog gives the focus back when it closes; what runs may take it after that.
    dialog.current?.close();
    close();
    entry.run();
  };
  const keys = (event: KeyboardEvent) => {
    const last = entries.length - 1;
    const page = Math.max(1, Math.min(8, last));
    const to = {
      ArrowDown: at === last ? 0 : at + 1,
      ArrowUp: at === 0 ? last : at - 1,
      PageDown: Math.min(last, at + page),
      PageUp: Math.max(0, at - page),
    }[event.key];
    if (to !== undefined) setChosen(to);
    else if (event.key === "Enter") open(entries[at]);
    else return;
    event.preventDefault();
  };

  return (
    <dialog
      ref={dialog}
      className="palette"
      aria-label="Search"
      onClose={close}
      onClick={(event) => event.target === dialog.current && close()}
    >
      <input
        autoFocus
        type="text"
        role="combobox"
        aria-expanded="true"
        aria-controls="places"
        aria-activedescendant={entries.length ? `place-${at}` : undefined}
        aria-label="Search pages, commands, experiments, runs, models, deployments, data, stages and tags"
        placeholder="Go to a page, an experiment, a run or a model; or do something"
        autoComplete="off"
        spellCheck={false}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setChosen(0);
        }}
        onKeyDown={keys}
      />
      <div id="places" role="listbox" aria-label="Results" hidden={entries.length === 0}>
        {entries.map((entry, index) => (
          <Fragment key={entry.id}>
            {entries[index - 1]?.section !== entry.section && (
              <div className="section" role="presentation">
                {entry.section}
              </div>
            )}
            <div
              id={`place-${index}`}
              role="option"
              aria-selected={index === at}
              onClick={() => open(entry)}
              onPointerMove={() => setChosen(index)}
            >
              <Icon name={entry.icon} size={14} />
              <span className="ellipsis">{entry.name}</span>
              <span className="muted push">{entry.keys ? <Keys keys={entry.keys} /> : entry.kind}</span>
            </div>
          </Fragment>
        ))}
      </div>
      <p className={entries.length === 0 ? "none" : "hidden-text"} role="status">
        {entries.length > 0 ? `${entries.length} found` : pending ? "Searching…" : "Nothing has this name."}
      </p>
    </dialog>
  );
}

function useEntries(text: string, found: Found): Entry[] {
  const navigate = useNavigate();
  const recent = useRecent();
  const commands = useAllCommands().filter((command) => !command.hidden);
  const place = (section: string, { kind, id, name }: Place): Entry => ({
    id: `${section} ${kind} ${id}`,
    section,
    name,
    kind: KINDS[kind],
    icon: ICONS[kind],
    run: () => void navigate({ to: addressOf({ kind, id }) }),
  });
  const lately = best(text, recent, (item) => item.name, text ? 4 : 6).map((item) => place("Lately", item));
  const shown = new Set(lately.map((entry) => entry.id.slice("Lately ".length)));
  const fresh = (item: Place) => !shown.has(`${item.kind} ${item.id}`);
  const pages = best(text, PAGES, (page) => page.label, 10).map((page) => ({
    id: `page ${page.to}`,
    section: "Pages",
    name: page.label,
    kind: "Page",
    icon: page.icon,
    keys: `g ${page.key}`,
    run: () => void navigate({ to: page.to }),
  }));
  const doable = best(text, commands, (command) => command.label, text ? 8 : 20).map((command) => ({
    id: `command ${command.id}`,
    section: "Commands",
    name: command.label,
    kind: command.group,
    icon: "command" as const,
    keys: command.keys,
    run: command.run,
  }));
  const tags = found.tags.map(({ key, value, count }) => ({
    id: `tag ${key} ${value}`,
    section: "Tags",
    name: `${key}: ${value}`,
    kind: count === 1 ? "1 experiment" : `${count} experiments`,
    icon: "tag" as const,
    run: () => void navigate({ to: "/experiments", search: { tag: `${key}=${value}` } }),
  }));
  const held = (section: string, kind: string, icon: IconName, items: Found["tracked"], open: (item: { id: string; name: string }) => void): Entry[] =>
    items.map((item) => ({ id: `${section} ${item.name}`, section, name: item.name, kind, icon, run: () => open(item) }));
  const repository = [
    ...held("Tracked data", "Data", "data", found.tracked, ({ id }) => void navigate({ to: "/data/tracked/$", params: { _splat: id } })),
    ...held("Stages", "Stage", "pipeline", found.stages, ({ id }) => void navigate({ to: "/pipelines", search: { stage: id } })),
    ...held("Experiments of the repository", "Experiment", "flask", found.trials, ({ name }) =>
      void navigate({ to: "/pipelines", search: { view: "experiments", q: name } }),
    ),
  ];
  const deployed = held("Deployments", "Deployment", "deploy", found.deployments, ({ id }) =>
    void navigate({ to: "/deployments/$name", params: { name: id } }),
  );
  const places = [
    ...found.experiments.filter(fresh).map((item) => place("Experiments", item)),
    ...found.models.filter(fresh).map((item) => place("Models", item)),
    ...found.versions.filter(fresh).map((item) => place("Models", item)),
    ...found.runs.filter(fresh).map((item) => place("Runs", item)),
    ...deployed,
    ...repository,
    ...tags,
  ];
  return text ? [...lately, ...pages, ...places, ...doable] : [...lately, ...doable, ...pages, ...places];
}
