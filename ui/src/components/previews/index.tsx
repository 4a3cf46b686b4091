/** What is in a file, as far as a browser can show it without running what somebody logged. */

import { type Kind, folderOf, kindOf } from "../../lib/previews";
import { Boundary } from "../feedback";
import { Markdown } from "../markdown";
import { ArchiveFile, ArrayFile, BinaryFile, TensorsFile, UnknownFile } from "./binary";
import { Code } from "./code";
import { DelimitedFile, JsonLinesFile } from "./delimited";
import { JsonFile } from "./jsonfile";
import { Film, Page, Pdf, Picture, Sound } from "./media";
import { NotebookFile } from "./notebook";
import { ParquetTable } from "./parquet";
import { type FileProps, Whole } from "./reading";
import { TextFile } from "./text";
import { useState } from "react";

type Show = (props: FileProps) => React.ReactNode;

const SHOWN: Record<Kind, Show> = {
  image: Picture,
  audio: Sound,
  video: Film,
  pdf: Pdf,
  page: Page,
  markdown: MarkdownFile,
  notebook: NotebookFile,
  delimited: DelimitedFile,
  parquet: ParquetTable,
  lines: JsonLinesFile,
  json: JsonFile,
  array: ArrayFile,
  tensors: TensorsFile,
  archive: ArchiveFile,
  text: TextFile,
  binary: BinaryFile,
  unknown: UnknownFile,
};
/** Kinds that are text all the same, and can be looked at as such. */
const ALSO_TEXT: ReadonlySet<Kind> = new Set(["page", "delimited", "lines", "notebook"]);

export function Preview(props: FileProps) {
  const kind = kindOf(props.path);
  const [asText, setAsText] = useState(false);
  const Shown = asText ? TextFile : SHOWN[kind];
  const text = ALSO_TEXT.has(kind) || props.path.toLowerCase().endsWith(".svg");
  return (
    <div className="preview" data-kind={kind}>
      {text && (
        <div className="preview-bar">
          <span className="segments" role="group" aria-label="Show as">
            <button type="button" aria-pressed={!asText} onClick={() => setAsText(false)}>
              Preview
            </button>
            <button type="button" aria-pressed={asText} onClick={() => setAsText(true)}>
              Text
            </button>
          </span>
        </div>
      )}
      <Boundary key={String(asText)} what="This file could not be shown. It may be damaged; download it to look into it.">
        <Shown {...props} />
      </Boundary>
    </div>
  );
}

function MarkdownFile(props: FileProps) {
  const [raw, setRaw] = useState(false);
  return (
    <Whole {...props}>
      {({ text }) => (
        <>
          <div className="preview-bar">
            <span className="segments" role="group" aria-label="Show as">
              <button type="button" aria-pressed={!raw} onClick={() => setRaw(false)}>
                Preview
              </button>
              <button type="button" aria-pressed={raw} onClick={() => setRaw(true)}>
                Text
              </button>
            </span>
          </div>
          {raw ? (
            <Code text={text} language="markdown" label={props.path} />
          ) : (
            <div className="markdown-page" tabIndex={0} role="region" aria-label={props.path}>
              <Markdown text={text} label="Text" uri={props.uri} folder={folderOf(props.path)} />
            </div>
          )}
        </>
      )}
    </Whole>
  );
}
