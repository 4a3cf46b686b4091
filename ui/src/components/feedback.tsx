/** What stands where data would be: not yet, nothing, or what went wrong. */

import { Component, type ReactNode, useEffect, useState } from "react";
import { ApiError } from "../api/client";
import { CopyButton } from "./copy";

/** Grey bars in place of rows; they appear after 150 ms, so that a quick answer never flickers. */
export function SkeletonRows({ rows, height = 32 }: { rows: number; height?: number }) {
  return (
    <div role="group" aria-busy="true" aria-label="Loading">
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} style={{ height, display: "flex", alignItems: "center", gap: 24, padding: "0 16px" }}>
          <span className="skeleton" style={{ width: `${22 + ((row * 7) % 14)}%` }} />
          <span className="skeleton" style={{ width: "10%" }} />
          <span className="skeleton" style={{ width: "8%" }} />
        </div>
      ))}
    </div>
  );
}

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <section className="notice">
      <h2>{title}</h2>
      {children}
    </section>
  );
}

/** What failed, why, what to do; with a way to try again. */
export function Failure({ what, error, retry }: { what: string; error: unknown; retry?: () => void }) {
  const api = error instanceof ApiError ? error : null;
  const message = error instanceof Error ? error.message : String(error);
  const details = api ? [api.status || "no answer", api.code, api.requestId && `request ${api.requestId}`] : [];
  const shown = details.filter(Boolean).join(" · ");
  return (
    <section className="notice" role="alert">
      <h2>{what}</h2>
      <p>{message}</p>
      {shown && <p className="details">{shown}</p>}
      <div style={{ display: "flex", gap: 8 }}>
        {retry && (
          <button type="button" className="button" onClick={retry}>
            Try again
          </button>
        )}
        <CopyButton text={`${what}\n${message}\n${shown}`} label="Copy details" />
      </div>
    </section>
  );
}

/** Keeps one broken panel from taking the page with it. */
export class Boundary extends Component<{ what: string; children: ReactNode }, { error: unknown }> {
  override state = { error: null as unknown };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override render() {
    if (this.state.error === null) return this.props.children;
    return (
      <Failure what={this.props.what} error={this.state.error} retry={() => this.setState({ error: null })} />
    );
  }
}

/** The present, renewed now and then, for "3 min ago". */
export function useNow(every = 30_000): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), every);
    return () => clearInterval(timer);
  }, [every]);
  return now;
}
