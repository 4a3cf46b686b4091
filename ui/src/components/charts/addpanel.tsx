/** The window in which a chart is made of fields. */

import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { fieldKeysQuery } from "../../api/metrics";
import { type FieldUse, fieldTitle, isComplete, type Panel, PANEL_FORMS, type PanelKind } from "../../lib/panels";
import { Dialog } from "../dialog";
import { useShared } from "./state";

interface Props {
  kind: PanelKind;
  /** The panel that is changed; none for a new one. */
  panel?: Panel;
  /** Metrics, the telling ones first. */
  keys: readonly string[];
  close: () => void;
  onDone: (panel: Panel) => void;
}

interface FieldGroup {
  readonly title: string;
  readonly fields: readonly string[];
}

/** More than so many would make a list that nobody reads; the others are found by their names. */
const MOST = 300;

export default function AddPanel({ kind, panel, keys, close, onDone }: Props) {
  const { experimentIds } = useShared();
  const known = useQuery(fieldKeysQuery(experimentIds));
  const groups = useMemo(() => {
    const of = (wanted: string, scope: string) =>
      (known.data ?? []).filter((item) => item.kind === wanted).map((item) => ({ ...item, field: `${scope}.${item.key}` }));
    const params = of("param", "params").sort((a, b) => varies(b.distinct, b.runs) - varies(a.distinct, a.runs));
    return {
      metrics: keys.map((key) => `metrics.${key}`),
      least: keys.map((key) => `min.${key}`),
      most: keys.map((key) => `max.${key}`),
      varying: params.filter((item) => item.distinct > 1).map((item) => item.field),
      params: params.map((item) => item.field),
      attributes: of("attribute", "attributes").map((item) => item.field),
      tags: of("tag", "tags").map((item) => item.field).filter((field) => !field.startsWith("tags.mlflow.")),
    };
  }, [known.data, keys]);
  const ready = experimentIds.length === 0 || known.data !== undefined;
  return ready ? <Form {...{ kind, panel, groups, close, onDone }} /> : null;
}

type Groups = Record<"varying" | "metrics" | "least" | "most" | "params" | "attributes" | "tags", readonly string[]>;

function Form({ kind, panel, groups, close, onDone }: Omit<Props, "keys"> & { groups: Groups }) {
  const { places, more, title, what } = PANEL_FORMS[kind];
  const [fields, setFields] = useState<readonly string[]>(() => panel?.fields ?? firstFields(kind, groups));
  const [find, setFind] = useState("");
  const chosen: Panel = { kind, fields: fields.filter(Boolean), options: panel?.options ?? {} };
  const put = (index: number, field: string) => setFields(Array.from({ length: places.length }, (_, at) => (at === index ? field : (fields[at] ?? ""))));
  const offered = (use: FieldUse) => found(offeredFor(use, groups), find);
  return (
    <Dialog
      title={panel ? `Change: ${title}` : title}
      close={close}
      onSubmit={() => isComplete(chosen) && onDone(chosen)}
      actions={
        <>
          <button type="button" className="button" onClick={close}>
            Cancel
          </button>
          <button type="submit" className="button primary" disabled={!isComplete(chosen)}>
            {panel ? "Change" : "Add"}
          </button>
        </>
      }
    >
      <p className="muted">{what}</p>
      <input
        type="search"
        className="field"
        aria-label="Find a field"
        placeholder="Find a field"
        value={find}
        onChange={(event) => setFind(event.target.value)}
      />
      {places.map((place, index) => (
        <label key={place.label}>
          {place.label}
          <select className="field" value={fields[index] ?? ""} onChange={(event) => put(index, event.target.value)}>
            {(place.optional || !fields[index]) && <option value="">{place.optional ? "None" : "Choose"}</option>}
            {withChosen(offered(place.use), fields[index]).map((group) => (
              <optgroup key={group.title} label={group.title}>
                {group.fields.map((field) => (
                  <option key={field} value={field}>
                    {fieldTitle(field)}
                  </option>
                ))}
              </optgroup>
            ))}
          </select>
        </label>
      ))}
      {more && (
        <fieldset className="field-list">
          <legend>
            {more.label}, {more.least} to {more.most}; {fields.length} chosen
          </legend>
          {offered(more.use).map((group) => (
            <div key={group.title} role="group" aria-label={group.title}>
              <h3>{group.title}</h3>
              {group.fields.map((field) => (
                <label key={field} className="line">
                  <input
                    type="checkbox"
                    checked={fields.includes(field)}
                    disabled={!fields.includes(field) && fields.length >= more.most}
                    onChange={() => setFields(fields.includes(field) ? fields.filter((other) => other !== field) : [...fields, field])}
                  />
                  <span className="ellipsis">{fieldTitle(field)}</span>
                </label>
              ))}
            </div>
          ))}
        </fieldset>
      )}
    </Dialog>
  );
}

function offeredFor(use: FieldUse, groups: Groups): FieldGroup[] {
  const metrics = [{ title: "Metrics", fields: groups.metrics }];
  const figures = [
    { title: "Smallest of metrics", fields: groups.least },
    { title: "Greatest of metrics", fields: groups.most },
  ];
  if (use === "series") return metrics;
  if (use === "metric") return [...metrics, ...figures];
  return [
    { title: "Params", fields: groups.params },
    ...metrics,
    ...figures,
    { title: "Attributes", fields: groups.attributes },
    { title: "Tags", fields: groups.tags },
  ];
}

function found(groups: readonly FieldGroup[], find: string): FieldGroup[] {
  const text = find.toLowerCase();
  return groups
    .map(({ title, fields }) => ({ title, fields: fields.filter((field) => fieldTitle(field).toLowerCase().includes(text)).slice(0, MOST) }))
    .filter((group) => group.fields.length > 0);
}

/** What is chosen stays in its list, whatever is looked for. */
function withChosen(groups: readonly FieldGroup[], field: string | undefined): readonly FieldGroup[] {
  if (!field || groups.some((group) => group.fields.includes(field))) return groups;
  return [{ title: "Chosen", fields: [field] }, ...groups];
}

/** A choice to begin with: the telling metric, and params that vary. */
function firstFields(kind: PanelKind, { metrics, varying, params }: Groups): string[] {
  const metric = metrics[0] ?? "";
  const [one = "", two = ""] = [...varying, ...params.filter((field) => !varying.includes(field))];
  switch (kind) {
    case "lines":
      return metrics.slice(0, 2);
    case "scatter":
      return [one, metric, ""];
    case "contour":
      return [one, two, metric];
    case "box":
      return [metric, one];
    case "parallel":
      return [...varying.slice(0, 4), metric].filter(Boolean);
    case "bars":
    case "importance":
    case "history":
      return [metric];
  }
}

/** Params with a few values tell more than those with one for all, or another for each run. */
function varies(distinct: number, runs: number): number {
  if (distinct < 2) return 0;
  return distinct > Math.max(12, runs / 2) ? 1 : 2;
}
