/** HTML of a notebook's output: cleaned of scripts, in a page where none could run. */

import createPurifier from "dompurify";

const PURIFIER = createPurifier(window);

export function drawHtml(box: HTMLElement, html: string): void {
  box.className = "html-output";
  box.replaceChildren(
    PURIFIER.sanitize(html, { RETURN_DOM_FRAGMENT: true, FORBID_TAGS: ["form", "meta", "link", "base"], ADD_ATTR: ["scoped"] }),
  );
}
