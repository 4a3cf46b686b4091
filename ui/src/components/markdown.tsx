/** Markdown that somebody wrote or logged, shown without running anything in it. */

import { useEffect, useRef, useState } from "react";
import { contentUrl } from "../api/artifacts";
import { Failure } from "./feedback";

interface Props {
  text: string;
  label: string;
  /** Where relative pictures lie; none are shown without it. */
  uri?: string;
  folder?: string;
}

export function Markdown({ text, label, uri = "", folder = "" }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    let current = true;
    import("../lib/markdown")
      .then(({ renderMarkdown }) => {
        if (!current || !box.current) return;
        box.current.replaceChildren(renderMarkdown(text, (path) => (uri ? contentUrl(uri, within(folder, path)) : "")));
        reachable(box.current);
        setError(null);
      })
      .catch((reason: unknown) => current && setError(reason));
    return () => {
      current = false;
    };
  }, [text, uri, folder]);
  if (error !== null) return <Failure what="The text could not be formatted." error={error} />;
  return <div className="markdown" ref={box} role="document" aria-label={label} />;
}

/** Tables that are wider than their place are scrolled with keys, too; others are no stop on the way. */
function reachable(box: HTMLElement): void {
  for (const table of box.querySelectorAll<HTMLElement>(".markdown-table")) {
    if (table.scrollWidth > table.clientWidth) table.tabIndex = 0;
  }
}

/** A path from a folder: `../` climbs, though not above the root. */
function within(folder: string, path: string): string {
  const parts = folder ? folder.split("/") : [];
  for (const part of decoded(path.replace(/[?#].*$/, "")).split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "." && part !== "") parts.push(part);
  }
  return parts.join("/");
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
