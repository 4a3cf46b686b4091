/** Files that the browser makes and keeps. */

import { notify } from "./notices";

export function saveFile(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
  notify({ text: `Saved ${name}`, kind: "done" });
}
