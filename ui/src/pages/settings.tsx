/** How the pages look and behave in this browser, what this server is, and whom it tells of changes. */

import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { serverQuery } from "../api/server";
import { Failure, SkeletonRows } from "../components";
import { Card } from "../components/card";
import { ThemeSwitch, TopBar, useOpenKeys } from "../components/frame";
import { WebhooksCard } from "../components/settings/webhooks";
import { formatBytes, formatCount, formatNumber, formatTime } from "../lib/format";
import { notify } from "../lib/notices";
import { type Density, type Landing, MOST_NAME, setPreferences, type TimeZone, usePreferences } from "../lib/preferences";
import { forgetStored, PREFIX, storedSizes } from "../lib/stored";
import "../styles/plain.css";

export function SettingsPage() {
  return (
    <>
      <TopBar>
        <h1>Settings</h1>
      </TopBar>
      <div className="page settings" tabIndex={0}>
        <div className="column">
          <Looks />
          <Numbers />
          <Storage />
        </div>
        <div className="column">
          <Server />
          <WebhooksCard />
        </div>
      </div>
    </>
  );
}

function Setting({ label, about, children }: { label: string; about?: ReactNode; children: ReactNode }) {
  return (
    <div className="setting">
      <div>
        <div>{label}</div>
        {about && <div className="muted">{about}</div>}
      </div>
      {children}
    </div>
  );
}

interface SegmentsProps<T extends string> {
  label: string;
  value: T;
  options: readonly { value: T; label: string }[];
  change: (value: T) => void;
}

function Segments<T extends string>({ label, value, options, change }: SegmentsProps<T>) {
  return (
    <span className="segments" role="group" aria-label={label}>
      {options.map((option) => (
        <button key={option.value} type="button" aria-pressed={option.value === value} onClick={() => change(option.value)}>
          {option.label}
        </button>
      ))}
    </span>
  );
}

const DENSITIES: readonly { value: Density; label: string }[] = [
  { value: "compact", label: "Compact" },
  { value: "normal", label: "Normal" },
  { value: "comfortable", label: "Comfortable" },
];
const LANDINGS: readonly { value: Landing; label: string }[] = [
  { value: "/", label: "Overview" },
  { value: "/experiments", label: "Experiments" },
  { value: "/models", label: "Models" },
  { value: "last", label: "Where I was last" },
];
const ZONES: readonly { value: TimeZone; label: string }[] = [
  { value: "local", label: "Local" },
  { value: "utc", label: "UTC" },
];

function Looks() {
  const { density, landing, name, narrow, tellEnds } = usePreferences();
  const openKeys = useOpenKeys();
  return (
    <Card title="Look and feel">
      <Setting label="Your name" about="Recorded with what you change in the registry; nobody proves it yet.">
        <input
          type="text"
          className="field"
          aria-label="Your name"
          autoComplete="username"
          maxLength={MOST_NAME}
          value={name}
          onChange={(event) => setPreferences({ name: event.target.value })}
        />
      </Setting>
      <Setting label="Theme">
        <ThemeSwitch />
      </Setting>
      <Setting label="Height of rows">
        <Segments label="Height of rows" value={density} options={DENSITIES} change={(value) => setPreferences({ density: value })} />
      </Setting>
      <Setting label="Sidebar">
        <Segments
          label="Sidebar"
          value={narrow ? "icons" : "words"}
          options={[
            { value: "words", label: "Words" },
            { value: "icons", label: "Icons" },
          ]}
          change={(value) => setPreferences({ narrow: value === "icons" })}
        />
      </Setting>
      <Setting label="Begin with" about="When this server’s address is opened without a page.">
        <select
          className="field"
          aria-label="Begin with"
          value={landing}
          onChange={(event) => setPreferences({ landing: event.target.value as Landing })}
        >
          {LANDINGS.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </select>
      </Setting>
      <Notifications on={tellEnds} />
      <Setting label="Keys" about="Every page can be used without a mouse.">
        <button type="button" className="button" onClick={openKeys}>
          Show all keys
        </button>
      </Setting>
    </Card>
  );
}

function Notifications({ on }: { on: boolean }) {
  const change = async (wanted: boolean) => {
    if (wanted && typeof Notification !== "undefined" && Notification.permission === "default") {
      await Notification.requestPermission();
    }
    setPreferences({ tellEnds: wanted });
    if (wanted && (typeof Notification === "undefined" || Notification.permission !== "granted")) {
      notify({ text: "The browser does not allow notifications here; the end of a run is told on the page alone.", kind: "done" });
    }
  };
  return (
    <Setting label="Tell me when a run ends" about="Runs that were opened here while they ran, as long as one of these pages is open.">
      <Segments
        label="Tell me when a run ends"
        value={on ? "on" : "off"}
        options={[
          { value: "off", label: "Off" },
          { value: "on", label: "On" },
        ]}
        change={(value) => void change(value === "on")}
      />
    </Setting>
  );
}

function Numbers() {
  const { zone, digits } = usePreferences();
  const [now] = useState(() => Date.now());
  return (
    <Card title="Numbers and times">
      <Setting label="Time zone" about={formatTime(now)}>
        <Segments label="Time zone" value={zone} options={ZONES} change={(value) => setPreferences({ zone: value })} />
      </Setting>
      <Setting label="Digits of a number" about={`Such as ${formatNumber(0.123456789)} and ${formatNumber(12.3456789)}; the whole value stands in a title.`}>
        <select
          className="field"
          aria-label="Digits of a number"
          value={digits}
          onChange={(event) => setPreferences({ digits: Number(event.target.value) })}
        >
          {[3, 4, 5, 6, 7, 8].map((count) => (
            <option key={count} value={count}>
              {count}
            </option>
          ))}
        </select>
      </Setting>
    </Card>
  );
}

function Storage() {
  const [sizes, setSizes] = useState(storedSizes);
  const bytes = sizes.reduce((sum, item) => sum + item.bytes, 0);
  return (
    <Card title="Kept in this browser">
      <Setting
        label={`${formatBytes(bytes)} in ${formatCount(sizes.length, "entry", "entries")}`}
        about="Settings, pins, and where you were lately. Of it, only your name is sent: to this server, with what you change."
      >
        <button
          type="button"
          className="button"
          disabled={sizes.length === 0}
          onClick={() => {
            forgetStored();
            setSizes(storedSizes());
            location.reload();
          }}
        >
          Forget all
        </button>
      </Setting>
      {sizes.length > 0 && (
        <dl className="pairs">
          {sizes.map(({ key, bytes: size }) => (
            <div key={key}>
              <dt>{key.slice(PREFIX.length)}</dt>
              <dd>{formatBytes(size)}</dd>
            </div>
          ))}
        </dl>
      )}
    </Card>
  );
}

function Server() {
  const query = useQuery(serverQuery);
  const server = query.data;
  const pairs: [string, string][] = server
    ? [
        ["version", server.version],
        ["address", location.origin],
        ["database", server.database],
        ["artifacts of new experiments", server.default_artifact_root || "beside the database"],
        ["artifacts through the server", server.serves_artifacts ? "yes" : "no"],
        ["its clock", server.time ? formatTime(server.time) : ""],
      ]
    : [];
  return (
    <Card
      title="This server"
      actions={
        <a className="button quiet" href="/api/v1/openapi.json" target="_blank" rel="noreferrer">
          API description
        </a>
      }
    >
      {query.isError ? (
        <Failure what="The server says nothing of itself." error={query.error} retry={() => void query.refetch()} />
      ) : !server ? (
        <SkeletonRows rows={4} />
      ) : (
        <dl className="pairs">
          {pairs.map(([key, value]) => (
            <div key={key}>
              <dt>{key}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      )}
    </Card>
  );
}
