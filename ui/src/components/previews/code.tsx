/** Text with line numbers, coloured where its language is known. */

import { useEffect, useState } from "react";
import { canHighlight, highlight } from "../../lib/highlight";

interface Props {
  text: string;
  language: string;
  label: string;
  wrap?: boolean;
  first?: number;
}

export function Code({ text, language, label, wrap = false, first = 1 }: Props) {
  const html = useHighlighted(text, language);
  const shown = text.endsWith("\n") ? text.slice(0, -1) : text;
  return (
    <div className="file-text code" data-wrap={wrap || undefined} tabIndex={0} role="region" aria-label={label}>
      {!wrap && (
        <pre className="line-numbers" aria-hidden="true">
          {numbers(first, shown)}
        </pre>
      )}
      {html === null ? <pre>{text}</pre> : <pre dangerouslySetInnerHTML={{ __html: html }} />}
    </div>
  );
}

/** HTML made by the highlighter, which escapes everything; null while there is none. */
function useHighlighted(text: string, language: string): string | null {
  const [done, setDone] = useState({ text: "", html: "" });
  const wanted = canHighlight(text, language);
  useEffect(() => {
    if (!wanted) return;
    let current = true;
    highlight(text, language)
      .then((html) => current && setDone({ text, html }))
      .catch(() => undefined); // Without colours the text is there all the same.
    return () => {
      current = false;
    };
  }, [text, language, wanted]);
  return wanted && done.text === text && done.html ? done.html : null;
}

function numbers(first: number, text: string): string {
  let count = 1;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) count++;
  return Array.from({ length: count }, (_, at) => first + at).join("\n");
}
