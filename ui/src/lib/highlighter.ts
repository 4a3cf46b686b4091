/** The library that colours code, with the languages that files of runs are in; fetched when first needed. */

import library from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import diff from "highlight.js/lib/languages/diff";
import ini from "highlight.js/lib/languages/ini";
import javascript from "highlight.js/lib/languages/javascript";
import json from "highlight.js/lib/languages/json";
import markdown from "highlight.js/lib/languages/markdown";
import python from "highlight.js/lib/languages/python";
import sql from "highlight.js/lib/languages/sql";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";

for (const [name, language] of Object.entries({ bash, diff, ini, javascript, json, markdown, python, sql, xml, yaml })) {
  library.registerLanguage(name, language);
}

export function coloured(text: string, language: string): string {
  return library.highlight(text, { language, ignoreIllegals: true }).value;
}
