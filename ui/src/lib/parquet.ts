/** Parquet files read by parts: the schema from the end, then only what the asked rows lie in. Fetched when first needed. */

import { type AsyncBuffer, cachedAsyncBuffer, type FileMetaData, parquetMetadataAsync, parquetReadObjects, parquetSchema } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { type Table, tableOfValues } from "./tables";

export interface ParquetHead {
  rows: number;
  names: string[];
  said: string[];
  rowGroups: number;
  createdBy: string;
}

export interface ParquetFile {
  head: ParquetHead;
  /** How many bytes have to be fetched for the rows up to `rows`. */
  cost: (rows: number) => number;
  read: (rows: number) => Promise<Table>;
}

export async function openParquet(size: number, slice: (start: number, end: number) => Promise<ArrayBuffer>): Promise<ParquetFile> {
  const source: AsyncBuffer = { byteLength: size, slice: (start, end) => slice(start < 0 ? size + start : start, end ?? size) };
  const file = cachedAsyncBuffer(source);
  const metadata = await parquetMetadataAsync(file);
  const fields = parquetSchema(metadata).children;
  const names = fields.map((field) => field.element.name);
  const said = fields.map((field) => typeOf(field.element, field.children.length > 0));
  const head = {
    rows: Number(metadata.num_rows),
    names,
    said,
    rowGroups: metadata.row_groups.length,
    createdBy: metadata.created_by ?? "",
  };
  return {
    head,
    cost: (rows) => costOf(metadata, rows),
    read: async (rows) => {
      const found = await parquetReadObjects({ file, metadata, rowStart: 0, rowEnd: Math.min(rows, head.rows), compressors });
      return tableOfValues(names, found.map((row) => names.map((name) => plain((row as Record<string, unknown>)[name]))), said);
    },
  };
}

/** A whole number within what a float holds exactly is shown and sorted as a number. */
function plain(value: unknown): unknown {
  return typeof value === "bigint" && Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

function costOf(metadata: FileMetaData, rows: number): number {
  let bytes = 0;
  let seen = 0;
  for (const group of metadata.row_groups) {
    if (seen >= rows) break;
    for (const { meta_data: column } of group.columns) bytes += Number(column?.total_compressed_size ?? 0);
    seen += Number(group.num_rows);
  }
  return bytes;
}

function typeOf(element: { type?: string; converted_type?: string; logical_type?: { type: string } }, nested: boolean): string {
  const logical = element.logical_type?.type ?? element.converted_type;
  return (logical ?? element.type ?? (nested ? "struct" : "")).toLowerCase().replace(/^utf8$/, "string");
}
