/**
 * A figure, or HTML from a notebook, drawn in a page of its own: a sandbox that has no part in this page, no network
 * and no origin. The data goes there as a message.
 */

import { useEffect, useRef, useState } from "react";
import { useTheme } from "../../lib/theme";

export type Drawing =
  | { kind: "plotly" | "vega" | "vega-lite"; spec: unknown }
  | { kind: "html"; html: string };

const TALLEST = 4000;

export function FigureFrame({ drawing, title, small = false }: { drawing: Drawing; title: string; small?: boolean }) {
  const frame = useRef<HTMLIFrameElement>(null);
  const [ready, setReady] = useState(0);
  const [height, setHeight] = useState(small ? 80 : 480);
  const [failed, setFailed] = useState("");
  const { shown: theme } = useTheme();

  useEffect(() => {
    const hear = (event: MessageEvent<unknown>) => {
      if (event.source !== frame.current?.contentWindow || typeof event.data !== "object" || event.data === null) return;
      const said = event.data as { said?: unknown; height?: unknown; message?: unknown };
      if (said.said === "ready") setReady((count) => count + 1);
      if (said.said === "drawn" && typeof said.height === "number") setHeight(Math.min(TALLEST, Math.max(24, said.height)));
      if (said.said === "failed") setFailed(String(said.message).slice(0, 500));
    };
    window.addEventListener("message", hear);
    return () => window.removeEventListener("message", hear);
  }, []);

  useEffect(() => {
    if (ready === 0) return;
    // The frame is of no origin, so none can be named; it is ours, whatever it shows.
    frame.current?.contentWindow?.postMessage({ drawing, theme }, "*");
  }, [ready, drawing, theme]);

  if (failed) return <p className="muted pad">This figure cannot be drawn: {failed}</p>;
  return (
    <iframe
      ref={frame}
      className="figure-frame"
      src="/figure.html"
      sandbox="allow-scripts"
      title={title}
      style={{ height }}
      referrerPolicy="no-referrer"
    />
  );
}
