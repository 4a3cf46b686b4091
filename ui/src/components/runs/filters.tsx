/** A filter put together by choosing: its conditions, each of which can be taken out, and a new one. */

import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { valuesQuery } from "../../api/runs";
import type { RunKey } from "../../api/types";
import { idOf, rankKeys, readableField } from "../../lib/columns";
import { comparisonsOf } from "../../lib/completion";
import { both, conditionsOf, without } from "../../lib/conditions";
import { quote } from "../../lib/grammar";
import { Icon } from "../icons";
import { Menu } from "../menu";
import { isNumberKey, keyOfField } from "../queryfield";

interface Props {
  filter: string;
  experimentIds: readonly string[];
  keys: readonly RunKey[];
  onChange: (filter: string) => void;
}

export function FilterMenu(props: Props) {
  const conditions = conditionsOf(props.filter);
  return (
    <Menu label={conditions.length > 0 ? `Filter ${conditions.length}` : "+ Filter"}>
      <div className="filter-form">
        {conditions.length > 0 && (
          <>
            <p className="menu-title">Conditions</p>
            <ul className="conditions">
              {conditions.map((condition, index) => (
                <li key={condition.start} className="chip mono">
                  <span className="ellipsis" title={condition.text}>
                    {condition.text}
                  </span>
                  <button type="button" aria-label={`Remove the condition ${condition.text}`} onClick={() => props.onChange(without(props.filter, index))}>
                    <Icon name="cross" size={12} />
                  </button>
                </li>
              ))}
            </ul>
            <button type="button" className="button quiet" onClick={() => props.onChange("")}>
              Clear the filter
            </button>
          </>
        )}
        <Builder {...props} />
      </div>
    </Menu>
  );
}

function Builder({ filter, experimentIds, keys, onChange }: Props) {
  const [field, setField] = useState("");
  const [comparison, setComparison] = useState("");
  const [value, setValue] = useState("");
  const [fields, values] = [useId(), useId()];
  const key = keyOfField(keys, field.trim());
  const numeric = isNumberKey(key);
  const comparisons = comparisonsOf(numeric, "").filter((word) => !word.endsWith("IN"));
  const compared = comparisons.includes(comparison) ? comparison : comparisons[0]!;
  const unary = compared.startsWith("IS");
  const known = useQuery({
    ...valuesQuery(experimentIds, key?.field ?? "", value, 30),
    enabled: key !== undefined && key.kind !== "metric" && !unary,
  });
  const ready = field.trim() !== "" && (unary || value.trim() !== "");
  const add = (event: FormEvent) => {
    event.preventDefault();
    if (!ready) return;
    const bare = numeric && /^[-+.\w()\s]+$/.test(value) && !Number.isNaN(Number(value)) || /^now\(\)|^\d+(\.\d+)?[smhdw]$/.test(value.trim());
    const text = unary ? "" : ` ${bare ? value.trim() : quote(value.trim())}`;
    onChange(both(filter, `${field.trim()} ${compared}${text}`));
    setField("");
    setValue("");
  };
  return (
    <form className="builder" onSubmit={add}>
      <p className="menu-title">New condition</p>
      <input className="field" list={fields} aria-label="Field" placeholder="Field" value={field} onChange={(event) => setField(event.target.value)} />
      <datalist id={fields}>
        {rankKeys(keys).slice(0, 300).map((one) => {
          const name = readableField(idOf(one.kind, one.key));
          return <option key={name} value={name} />;
        })}
      </datalist>
      <select className="field" aria-label="Comparison" value={compared} onChange={(event) => setComparison(event.target.value)}>
        {comparisons.map((word) => (
          <option key={word}>{word}</option>
        ))}
      </select>
      {!unary && (
        <input className="field" list={values} aria-label="Value" placeholder="Value" value={value} onChange={(event) => setValue(event.target.value)} />
      )}
      <datalist id={values}>
        {known.data?.map((one) => <option key={one.value} value={one.value}>{`${one.runs} runs`}</option>)}
      </datalist>
      <button type="submit" className="button primary" disabled={!ready}>
        Add the condition
      </button>
    </form>
  );
}
