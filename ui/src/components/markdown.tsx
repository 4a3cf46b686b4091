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
        if (!current) return;
        box.current?.replaceChildren(renderMarkdown(text, (path) => (uri ? contentUrl(uri, within(folder, path)) : "")));
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
