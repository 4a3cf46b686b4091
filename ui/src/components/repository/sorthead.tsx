/** The head of a column that rows are sorted by when it is pressed. */

import type { ReactNode } from "react";
import "../../styles/workspace.css";

interface Props {
  column: string;
  /** As in the address: `size` ascending, `-size` descending. */
  sort: string;
  onSort: (sort: string) => void;
  children: ReactNode;
  className?: string;
  title?: string;
  /** What the first press asks for. */
  descendsFirst?: boolean;
}

export function SortHead({ column, sort, onSort, children, className, title, descendsFirst = false }: Props) {
  const now = sort === column ? "ascending" : sort === `-${column}` ? "descending" : undefined;
  const first = descendsFirst ? `-${column}` : column;
  const second = descendsFirst ? column : `-${column}`;
  const next = sort === first ? second : sort === second ? "" : first;
  return (
    <th scope="col" className={className} aria-sort={now} title={title}>
      <button type="button" className="head-button" onClick={() => onSort(next)}>
        {children}
        {now && <span aria-hidden="true"> {now === "ascending" ? "↑" : "↓"}</span>}
      </button>
    </th>
  );
}
