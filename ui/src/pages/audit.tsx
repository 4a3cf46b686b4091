/** Who changed what. Nothing records it yet: the list has its shape, and says what can be done today. */

import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { Snippet } from "../components";
import { type Choice, type Column, ListPage, NotYet } from "../components/listpage";
import { Ago } from "../components/marks";
import "../styles/plain.css";

/** One change. */
export interface AuditEntry {
  id: string;
  at: number;
  who: string;
  action: "created" | "changed" | "deleted" | "restored";
  /** Such as "model version". */
  kind: string;
  what: string;
  before: string;
  after: string;
}

const NONE: readonly AuditEntry[] = [];
const CHOICES: readonly Choice[] = [
  { name: "action", label: "Action", options: ["created", "changed", "deleted", "restored"] },
  { name: "kind", label: "Kind", options: ["experiment", "run", "model", "model version", "alias", "webhook"] },
];
const COLUMNS: readonly Column<AuditEntry>[] = [
  { label: "When", cell: (item) => <Ago time={item.at} /> },
  { label: "Who", cell: (item) => item.who },
  { label: "Action", cell: (item) => item.action },
  { label: "What", cell: (item) => `${item.kind} ${item.what}` },
  { label: "Before", cell: (item) => item.before, wide: true },
  { label: "After", cell: (item) => item.after, wide: true },
];

export function AuditPage() {
  const search = useSearch({ from: "/audit" });
  const navigate = useNavigate({ from: "/audit" });
  return (
    <ListPage
      title="Audit log"
      rows={NONE}
      id={(item) => item.id}
      text={(item) => `${item.who} ${item.kind} ${item.what} ${item.before} ${item.after}`}
      value={(item, choice) => (choice === "action" ? item.action : item.kind)}
      columns={COLUMNS}
      choices={CHOICES}
      search={search}
      onSearch={(next) => void navigate({ search: next, replace: true })}
      empty={
        <NotYet
          title="No change is recorded."
          coming={[
            "each change to experiments, runs, models and settings: who made it, when, and what stood there before",
            "a chain that shows whether an entry was altered or taken out",
            "filters by person, thing and time, and an export",
          ]}
        >
          <p>
            Runs say who made them, and keep what they logged; deleted ones are kept until `treering gc` removes them. To hear of
            changes to the registry, make a <Link to="/settings" className="link">webhook</Link>. Runs of a person:
          </p>
          <Snippet
            label="Shell"
            code={`export TREERING_TRACKING_URI=${location.origin}\ntreering runs search --filter "attributes.user_id = 'ada'"`}
          />
        </NotYet>
      }
    />
  );
}
