/** A page that is a list: what it is about, filters in the address, rows, and what to do while there are none. */

import { type ReactNode, useMemo } from "react";
import { Empty, Failure, SkeletonRows } from "./feedback";
import { TopBar } from "./frame";
import { SearchField } from "./searchfield";

export interface Column<T> {
  label: string;
  cell: (item: T) => ReactNode;
  /** Numbers stand at the right. */
  numeric?: boolean;
  /** Left out on a phone. */
  wide?: boolean;
  /** Left out where a list has less room than on a large screen. */
  roomy?: boolean;
}

export interface Choice {
  /** The parameter of the address. */
  name: string;
  label: string;
  options: readonly string[];
}

interface Props<T> {
  title: string;
  rows: readonly T[];
  pending?: boolean;
  error?: unknown;
  retry?: () => void;
  id: (item: T) => string;
  /** What the search looks at. */
  text: (item: T) => string;
  /** What a choice looks at. */
  value: (item: T, choice: string) => string;
  columns: readonly Column<T>[];
  choices: readonly Choice[];
  search: Record<string, string>;
  onSearch: (search: Record<string, string>) => void;
  /** Where there is nothing at all. */
  empty: ReactNode;
}

export function ListPage<T>(props: Props<T>) {
  const { title, rows, pending, error, retry, id, text, value, columns, choices, search, onSearch, empty } = props;
  const shown = useMemo(() => {
    const wanted = (search.q ?? "").toLowerCase();
    return rows.filter(
      (item) =>
        text(item).toLowerCase().includes(wanted) &&
        choices.every(({ name }) => !search[name] || value(item, name) === search[name]),
    );
  }, [rows, search, choices, text, value]);
  const change = (name: string, to: string) =>
    onSearch(Object.fromEntries(Object.entries({ ...search, [name]: to }).filter(([, said]) => said !== "")));
  return (
    <>
      <TopBar>
        <h1>{title}</h1>
        {rows.length > 0 && <span className="detail">{rows.length.toLocaleString("en")}</span>}
      </TopBar>
      {rows.length > 0 && (
        <div className="bar">
          <SearchField
            label={`Search ${title.toLowerCase()}`}
            placeholder="Search"
            value={search.q ?? ""}
            change={(text) => change("q", text)}
          />
          {choices.map(({ name, label, options }) => (
            <select
              key={name}
              className="field"
              aria-label={label}
              value={search[name] ?? ""}
              onChange={(event) => change(name, event.target.value)}
            >
              <option value="">{label}: any</option>
              {options.map((option) => (
                <option key={option} value={option}>
                  {option}
                </option>
              ))}
            </select>
          ))}
        </div>
      )}
      <div className="page" tabIndex={0}>
        {error !== undefined && error !== null ? (
          <Failure what={`${title} could not be listed.`} error={error} {...(retry ? { retry } : {})} />
        ) : pending ? (
          <SkeletonRows rows={8} />
        ) : rows.length === 0 ? (
          empty
        ) : shown.length === 0 ? (
          <Empty title={`None of ${rows.length.toLocaleString("en")} matches.`}>
            <button type="button" className="button" onClick={() => onSearch({})}>
              Show all
            </button>
          </Empty>
        ) : (
          <table className="list">
            <thead>
              <tr>
                {columns.map((column) => (
                  <th key={column.label} scope="col" className={classes(column)}>
                    {column.label}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {shown.map((item) => (
                <tr key={id(item)}>
                  {columns.map((column) => (
                    <td key={column.label} className={classes(column)}>
                      {column.cell(item)}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </div>
    </>
  );
}

function classes({ numeric, wide, roomy }: { numeric?: boolean; wide?: boolean; roomy?: boolean }): string {
  return [numeric ? "num" : "", wide ? "wide" : "", roomy ? "roomy" : ""].filter(Boolean).join(" ");
}

/** What will stand on a page, and what can be done today. */
export function NotYet({ title, coming, children }: { title: string; coming: readonly string[]; children: ReactNode }) {
  return (
    <section className="not-yet" aria-label={title}>
      <h2>{title}</h2>
      <p>This page will show:</p>
      <ul>
        {coming.map((item) => (
          <li key={item}>{item}</li>
        ))}
      </ul>
      <h2>What works today</h2>
      {children}
    </section>
  );
}
