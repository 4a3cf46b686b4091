/** CSV, TSV and lines of JSON as tables, read part by part. */

import { useInfiniteQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { contentUrl } from "../../api/artifacts";
import { readBytes } from "../../api/client";
import { decodeText } from "../../lib/bytes";
import { CsvReader } from "../../lib/csv";
import { formatBytes } from "../../lib/format";
import { parseJson } from "../../lib/jsontext";
import { nameOf } from "../../lib/previews";
import { type Table, tableOfObjects, tableOfTexts } from "../../lib/tables";
import { Failure, SkeletonRows } from "../feedback";
import { Grid } from "./grid";
import type { FileProps } from "./reading";

const PART = 2_000_000;

interface Part {
  bytes: Uint8Array;
  end: number;
}

export function DelimitedFile(props: FileProps) {
  const mark = nameOf(props.path).toLowerCase().endsWith(".tsv") ? "\t" : "";
  return <PartialTable {...props} read={(text, last) => tableOfTexts(new CsvReader(mark).push(text, last))} />;
}

export function JsonLinesFile(props: FileProps) {
  return <PartialTable {...props} read={readLines} />;
}

/** The table that the parts read so far make. */
function PartialTable({ uri, path, size, read }: FileProps & { read: (text: string, last: boolean) => Table }) {
  const query = useInfiniteQuery({
    queryKey: ["table-parts", uri, path],
    initialPageParam: 0,
    queryFn: async ({ pageParam, signal }): Promise<Part> => {
      const end = Math.min(size, pageParam + PART);
      return { bytes: await readBytes(contentUrl(uri, path), signal, pageParam, end), end };
    },
    getNextPageParam: (last) => (last.end < size && last.bytes.length > 0 ? last.end : undefined),
    staleTime: Infinity,
    gcTime: 0,
  });
  const pages = query.data?.pages;
  const table = useMemo(() => {
    if (!pages) return null;
    const last = pages.at(-1)!.end >= size;
    return read(decodeText(joined(pages)).text, last);
    // eslint-disable-next-line react-hooks/exhaustive-deps -- `read` is new at each render and always does the same
  }, [pages, size]);
  if (query.isError && !table) return <Failure what="The file could not be read." error={query.error} retry={() => void query.refetch()} />;
  if (!table) return <SkeletonRows rows={8} height={28} />;
  if (table.columns.length === 0) return <p className="muted pad">The file holds no table: it is empty.</p>;
  const more = query.hasNextPage && (
    <span className="preview-more">
      <span className="muted small">
        {formatBytes(pages!.at(-1)!.end)} of {formatBytes(size)}
      </span>
      <button type="button" className="button" disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
        {query.isFetchingNextPage ? "Reading …" : "Read more rows"}
      </button>
    </span>
  );
  return <Grid table={table} label={path} note={more} />;
}

function readLines(text: string, last: boolean): Table {
  const lines = text.split("\n");
  if (!last) lines.pop();
  const items = lines.flatMap((line) => (line.trim() ? [readLine(line)] : []));
  return tableOfObjects(items);
}

/** A line that is no JSON is shown as it is. */
function readLine(line: string): unknown {
  try {
    return parseJson(line);
  } catch {
    return { line };
  }
}

function joined(pages: readonly Part[]): Uint8Array {
  const whole = new Uint8Array(pages.reduce((sum, page) => sum + page.bytes.length, 0));
  let at = 0;
  for (const { bytes } of pages) {
    whole.set(bytes, at);
    at += bytes.length;
  }
  return whole;
}
