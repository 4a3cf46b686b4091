/** A field whose text goes to the address as it is typed; what stands in it is its own, so that the caret stays and undo works. */

import { type RefObject, useState } from "react";

interface Props {
  label: string;
  value: string;
  change: (text: string) => void;
  placeholder?: string;
  field?: RefObject<HTMLInputElement | null>;
}

export function SearchField({ label, value, change, placeholder = "Search by name", field }: Props) {
  const [text, setText] = useState(value);
  // The last text that was sent: a value that is none of ours came from elsewhere, such as a link or Back.
  const [sent, setSent] = useState(value);
  const [seen, setSeen] = useState(value);
  if (seen !== value) {
    setSeen(value);
    if (value !== sent) {
      setSent(value);
      setText(value);
    }
  }
  return (
    <input
      ref={field}
      type="search"
      className="field grow"
      aria-label={label}
      placeholder={placeholder}
      value={text}
      onChange={(event) => {
        setText(event.target.value);
        setSent(event.target.value);
        change(event.target.value);
      }}
    />
  );
}
