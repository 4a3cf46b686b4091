/** Copying: a button, an id with a button, a piece of code with a button. */

import { useState } from "react";
import { Icon } from "./icons";

export function CopyButton({ text, label }: { text: string; label: string }) {
  const [copied, copy] = useCopy(text);
  return (
    <button type="button" className="button" onClick={copy}>
      {copied ? "Copied" : label}
    </button>
  );
}

/** A shortened id; the button copies all of it. */
export function CopyId({ id, what }: { id: string; what: string }) {
  const [copied, copy] = useCopy(id);
  const shown = id.length > 16 ? `${id.slice(0, 8)}…${id.slice(-4)}` : id;
  return (
    <span className="copy-id">
      <code title={id}>{shown}</code>
      <button type="button" className="button quiet icon" onClick={copy} aria-label={copied ? "Copied" : `Copy ${what}`}>
        <Icon name={copied ? "check" : "copy"} size={14} />
      </button>
    </span>
  );
}

export function Snippet({ code, label }: { code: string; label: string }) {
  return (
    <div className="snippet">
      <div className="snippet-head">
        <span>{label}</span>
        <CopyButton text={code} label="Copy" />
      </div>
      <pre tabIndex={0} role="group" aria-label={label}>
        <code>{code}</code>
      </pre>
    </div>
  );
}

function useCopy(text: string): [boolean, () => void] {
  const [copied, setCopied] = useState(false);
  const copy = () => {
    void writeClipboard(text).then(() => {
      setCopied(true);
      setTimeout(() => setCopied(false), 1500);
    });
  };
  return [copied, copy];
}

/** The clipboard API exists only on https and localhost; elsewhere the old command still works. */
export async function writeClipboard(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}
