/** The page that figures are drawn in. It is told what to draw by the page around it, and says how tall it became. */

import "../styles/tokens.css";
import "./figure.css";
import type { Drawing } from "../components/previews/frame";

export interface Look {
  text: string;
  muted: string;
  border: string;
  background: string;
  dark: boolean;
}

const box = document.getElementById("figure")!;
let latest = 0;

function tell(message: Record<string, unknown>): void {
  // Whoever is around is this product: the server lets no other page hold this one.
  window.parent.postMessage(message, "*");
}

async function draw(drawing: Drawing, number: number): Promise<void> {
  const look = currentLook();
  if (drawing.kind === "html") (await import("./html")).drawHtml(box, drawing.html);
  else if (drawing.kind === "plotly") await (await import("./plotly")).drawPlotly(box, drawing.spec, look);
  else await (await import("./vega")).drawVega(box, drawing.kind, drawing.spec, look);
  if (number === latest) tell({ said: "drawn", height: Math.ceil(box.getBoundingClientRect().height) });
}

function currentLook(): Look {
  const style = getComputedStyle(document.documentElement);
  const token = (name: string) => style.getPropertyValue(name).trim();
  return {
    text: token("--text"),
    muted: token("--text3"),
    border: token("--border"),
    background: token("--bg"),
    dark: document.documentElement.dataset.theme === "dark",
  };
}

window.addEventListener("message", (event: MessageEvent<{ drawing: Drawing; theme: string }>) => {
  if (event.source !== window.parent || !event.data?.drawing) return;
  document.documentElement.dataset.theme = event.data.theme === "dark" ? "dark" : "light";
  latest += 1;
  draw(event.data.drawing, latest).catch((error: unknown) =>
    tell({ said: "failed", message: error instanceof Error ? error.message : String(error) }),
  );
});
new ResizeObserver(() => tell({ said: "drawn", height: Math.ceil(box.getBoundingClientRect().height) })).observe(box);
tell({ said: "ready" });
