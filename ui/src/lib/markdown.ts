/** Markdown as HTML that runs nothing and asks no other host; fetched when it is first needed. */

import createPurifier, { type Config } from "dompurify";
import { Marked } from "marked";

const PURIFIER = createPurifier(window);
const MARKED = new Marked({ gfm: true, async: false });
const ALLOWED: Config & { RETURN_DOM_FRAGMENT: true } = {
  USE_PROFILES: { html: true },
  FORBID_TAGS: ["style", "form", "button", "textarea", "select", "option", "dialog", "audio", "video", "source", "picture", "map", "area"],
  FORBID_ATTR: ["style", "class", "id", "name", "srcset", "background", "autofocus", "target", "tabindex"],
  ALLOW_DATA_ATTR: false,
  ALLOWED_URI_REGEXP: /^(?:https?:|mailto:|#|data:image\/(?:png|jpeg|gif|webp);|(?![a-z][a-z0-9+.-]*:))/i,
  RETURN_DOM_FRAGMENT: true,
};

/**
 * A fragment of the page. `pictureUrl` tells where a relative picture lies, "" where there is none; pictures of other
 * hosts become links, because the page asks no other host.
 */
export function renderMarkdown(text: string, pictureUrl: (path: string) => string): DocumentFragment {
  const fragment = PURIFIER.sanitize(MARKED.parse(text, { async: false }), ALLOWED);
  for (const link of fragment.querySelectorAll("a")) {
    if (/^https?:|^mailto:/i.test(link.getAttribute("href") ?? "")) {
      link.setAttribute("target", "_blank");
      link.setAttribute("rel", "noopener noreferrer nofollow");
    } else {
      // A place in this file or another file: the address would be one of this product.
      link.replaceWith(...link.childNodes);
    }
  }
  for (const picture of fragment.querySelectorAll("img")) {
    const source = picture.getAttribute("src") ?? "";
    if (source.startsWith("data:")) continue;
    const url = /^[a-z][a-z0-9+.-]*:|^\/\//i.test(source) ? "" : pictureUrl(source);
    if (url) {
      picture.setAttribute("src", url);
      picture.setAttribute("loading", "lazy");
    } else picture.replaceWith(instead(picture.ownerDocument, source, picture.alt));
  }
  for (const box of fragment.querySelectorAll("input")) {
    if (box.type === "checkbox") {
      box.disabled = true;
      box.setAttribute("aria-label", box.checked ? "done" : "to do");
    } else box.remove();
  }
  for (const table of fragment.querySelectorAll("table")) {
    const scroller = table.ownerDocument.createElement("div");
    scroller.className = "markdown-table";
    table.replaceWith(scroller);
    scroller.append(table);
  }
  for (const head of fragment.querySelectorAll("th")) {
    // A table needs no heads where its cells speak for themselves; an empty one would say nothing, in as many words.
    if (head.textContent?.trim() === "") head.replaceWith(head.ownerDocument.createElement("td"));
  }
  lowerHeadings(fragment);
  return fragment;
}

/** The page has headings of its own; those of a text stand below them. */
function lowerHeadings(fragment: DocumentFragment): void {
  let level = 1;
  for (const heading of fragment.querySelectorAll("h1, h2, h3, h4, h5, h6")) {
    const depth = Number(heading.localName[1]);
    const lower = heading.ownerDocument.createElement("div");
    lower.setAttribute("role", "heading");
    // None is skipped, whatever the text skips.
    level = Math.min(6, depth + 1, level + 1);
    lower.setAttribute("aria-level", String(level));
    lower.className = `markdown-h${depth}`;
    lower.append(...heading.childNodes);
    heading.replaceWith(lower);
  }
}

function instead(document: Document, source: string, alt: string): HTMLElement {
  const link = document.createElement("a");
  if (/^https?:/i.test(source)) {
    link.href = source;
    link.target = "_blank";
    link.rel = "noopener noreferrer nofollow";
  }
  link.textContent = alt || source || "picture";
  return link;
}
