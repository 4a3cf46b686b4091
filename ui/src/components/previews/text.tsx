/** Text files: the small whole and in colours, the large part by part as far as somebody reads. */

import { useInfiniteQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { contentUrl } from "../../api/artifacts";
import { readBytes } from "../../api/client";
import { decodeText, joinBytes } from "../../lib/bytes";
import { formatBytes } from "../../lib/format";
import { languageOf } from "../../lib/previews";
import { CopyButton } from "../copy";
import { Failure, SkeletonRows } from "../feedback";
import { Code } from "./code";
import { type FileProps, Whole } from "./reading";

const MOST_AT_ONCE = 1_000_000;
const PART = 500_000;

export function TextFile(props: FileProps) {
  if (props.size > MOST_AT_ONCE) return <LongText {...props} />;
  return <Whole {...props}>{({ text, encoding }) => <ShownText {...props} text={text} note={encoding === "UTF-8" ? "" : encoding} />}</Whole>;
}

function ShownText({ path, text, note }: FileProps & { text: string; note: string }) {
  const [wrap, setWrap] = useState(false);
  if (text === "") return <p className="muted pad">The file is empty.</p>;
  return (
    <>
      <div className="preview-bar">
        {note && <span className="muted small">{note}</span>}
        <Wrap wrap={wrap} setWrap={setWrap} />
        <CopyButton text={text} label="Copy" />
      </div>
      <Code text={text} language={languageOf(path)} label={path} wrap={wrap} />
    </>
  );
}

function LongText({ uri, path, size }: FileProps) {
  const [wrap, setWrap] = useState(false);
  const query = useInfiniteQuery({
    queryKey: ["file-parts", uri, path],
    initialPageParam: 0,
    queryFn: ({ pageParam, signal }) => readBytes(contentUrl(uri, path), signal, pageParam, Math.min(size, pageParam + PART)),
    getNextPageParam: (_last, pages) => {
      const read = pages.reduce((sum, page) => sum + page.length, 0);
      return read < size && pages.at(-1)!.length > 0 ? read : undefined;
    },
    staleTime: Infinity,
    gcTime: 0,
  });
  const parts = useMemo(() => textParts(query.data?.pages ?? []), [query.data]);
  if (query.isPending) return <SkeletonRows rows={8} height={24} />;
  if (query.isError && parts.length === 0) {
    return <Failure what="The file could not be read." error={query.error} retry={() => void query.refetch()} />;
  }
  const read = query.data?.pages.reduce((sum, page) => sum + page.length, 0) ?? 0;
  return (
    <>
      <div className="preview-bar">
        <span className="muted small">
          {formatBytes(read)} of {formatBytes(size)}
        </span>
        <Wrap wrap={wrap} setWrap={setWrap} />
      </div>
      <div className="long-text">
        {parts.map((part) => (
          <Code key={part.first} text={part.text} language="" label={`${path}, from line ${part.first}`} wrap={wrap} first={part.first} />
        ))}
        {query.hasNextPage && (
          <p className="pad">
            <button type="button" className="button" disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
              {query.isFetchingNextPage ? "Reading …" : "Show more"}
            </button>
          </p>
        )}
      </div>
    </>
  );
}

export function Wrap({ wrap, setWrap }: { wrap: boolean; setWrap: (wrap: boolean) => void }) {
  return (
    <button type="button" className="button" aria-pressed={wrap} onClick={() => setWrap(!wrap)}>
      Wrap lines
    </button>
  );
}

/** Parts that end with whole lines, so that each can be laid out by itself. */
function textParts(pages: readonly Uint8Array[]): { first: number; text: string }[] {
  const parts: { first: number; text: string }[] = [];
  let left = new Uint8Array();
  let first = 1;
  pages.forEach((page, index) => {
    const bytes = joinBytes(left, page);
    const end = bytes.lastIndexOf(10) + 1;
    // What has no line end within a part is cut where the part ends; the last page may end anywhere.
    const cut = end === 0 || index === pages.length - 1 ? bytes.length : end;
    const { text } = decodeText(bytes.subarray(0, cut));
    left = bytes.slice(cut);
    parts.push({ first, text });
    first += text.split("\n").length - 1;
  });
  return parts;
}
