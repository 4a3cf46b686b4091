/** Parquet as a table, fetched by ranges of bytes. */

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { contentUrl } from "../../api/artifacts";
import { readBytes } from "../../api/client";
import { formatBytes } from "../../lib/format";
import { Failure, SkeletonRows } from "../feedback";
import { Grid } from "./grid";
import type { FileProps } from "./reading";

const ROWS = 10_000;
/** What is fetched without asking, in bytes. */
const CHEAP = 32_000_000;

export function ParquetTable({ uri, path, size }: FileProps) {
  const [rows, setRows] = useState(ROWS);
  const [allowed, setAllowed] = useState(CHEAP);
  const opened = useQuery({
    queryKey: ["parquet", uri, path, size],
    queryFn: async ({ signal }) => {
      const { openParquet } = await import("../../lib/parquet");
      return openParquet(size, async (start, end) => (await readBytes(contentUrl(uri, path), signal, start, end)).buffer);
    },
    staleTime: Infinity,
    gcTime: 0,
    retry: false,
    structuralSharing: false,
  });
  const file = opened.data;
  const cost = file?.cost(rows) ?? 0;
  const read = useQuery({
    queryKey: ["parquet-rows", uri, path, size, rows],
    queryFn: () => file!.read(rows),
    enabled: file !== undefined && cost <= allowed,
    placeholderData: (before) => before,
    staleTime: Infinity,
    gcTime: 0,
    retry: false,
    structuralSharing: false,
  });
  const error = opened.error ?? read.error;
  if (error) return <Failure what="The file could not be read as Parquet." error={error} />;
  if (!file) return <SkeletonRows rows={8} height={28} />;
  if (cost > allowed && !read.data) {
    return (
      <div className="pad preview-stack">
        <p>
          {file.head.rows.toLocaleString("en")} rows in {file.head.names.length} columns. The first part of them is {formatBytes(cost)}.
        </p>
        <button type="button" className="button" onClick={() => setAllowed(cost)}>
          Read {formatBytes(cost)}
        </button>
      </div>
    );
  }
  if (!read.data) return <SkeletonRows rows={8} height={28} />;
  const more = file.head.rows > rows;
  return (
    <Grid
      table={read.data}
      label={path}
      note={
        <span className="preview-more">
          <span className="muted small">
            {more ? `of ${file.head.rows.toLocaleString("en")} rows, ` : ""}
            {file.head.rowGroups} {file.head.rowGroups === 1 ? "row group" : "row groups"}
          </span>
          {more && (
            <button
              type="button"
              className="button"
              disabled={read.isFetching}
              onClick={() => {
                setAllowed(Math.max(allowed, file.cost(rows + ROWS)));
                setRows(rows + ROWS);
              }}
            >
              {read.isFetching ? "Reading …" : "Read more rows"}
            </button>
          )}
        </span>
      }
    />
  );
}
