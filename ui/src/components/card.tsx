/** A panel with a title: what most pages are made of. */

import type { ReactNode } from "react";

interface CardProps {
  title: string;
  count?: number;
  /** Buttons at the right end of the head. */
  actions?: ReactNode;
  children: ReactNode;
}

export function Card({ title, count, actions, children }: CardProps) {
  return (
    // A group and no landmark: a page has a dozen of them, and what is in one may bear the same name.
    <section className="card" role="group" aria-label={title}>
      <header>
        <h2>{title}</h2>
        {count !== undefined && <span className="muted small">{count.toLocaleString("en")}</span>}
        {actions && <span className="push card-actions">{actions}</span>}
      </header>
      {children}
    </section>
  );
}

export function Pairs({ title, pairs, empty }: { title: string; pairs: [string, string][]; empty: string }) {
  const sorted = [...pairs].sort(([a], [b]) => a.localeCompare(b));
  return (
    <Card title={title} count={pairs.length}>
      {sorted.length === 0 ? (
        <p className="muted pad">{empty}</p>
      ) : (
        <dl className="pairs">
          {sorted.map(([key, value]) => (
            <div key={key}>
              <dt className="ellipsis" title={key}>{key}</dt>
              <dd title={value}>{value}</dd>
            </div>
          ))}
        </dl>
      )}
    </Card>
  );
}
