/** Files that are no text: what their heads say, or their first bytes. */

import { useQuery } from "@tanstack/react-query";
import { filePartQuery } from "../../api/artifacts";
import { directorySize, itemSize, readDirectory, readNpyHead, readTensors, readValues } from "../../lib/arrays";
import { hexLines, looksBinary } from "../../lib/bytes";
import { formatBytes, formatCount } from "../../lib/format";
import { tableOfValues } from "../../lib/tables";
import { Failure, SkeletonRows } from "../feedback";
import { Grid } from "./grid";
import type { FileProps } from "./reading";
import { TextFile } from "./text";

const SNIFFED = 4096;
const SHOWN = 256;
const NPY_READ = 1_000_000;
const WIDEST = 100;
const TAIL = 66_000;
const MOST_DIRECTORY = 4_000_000;
const MOST_HEAD = 4_000_000;

/** A file whose name says nothing: text if it looks like text. */
export function UnknownFile(props: FileProps) {
  const query = useQuery(filePartQuery(props.uri, props.path, 0, Math.min(props.size, SNIFFED)));
  if (query.isPending) return <SkeletonRows rows={6} height={24} />;
  if (query.isError) return <Failure what="The file could not be read." error={query.error} retry={() => void query.refetch()} />;
  return looksBinary(query.data) ? <Hex {...props} bytes={query.data} /> : <TextFile {...props} />;
}

export function BinaryFile(props: FileProps) {
  const query = useQuery(filePartQuery(props.uri, props.path, 0, Math.min(props.size, SHOWN)));
  if (query.isPending) return <SkeletonRows rows={6} height={24} />;
  if (query.isError) return <Failure what="The file could not be read." error={query.error} retry={() => void query.refetch()} />;
  return <Hex {...props} bytes={query.data} />;
}

function Hex({ path, size, bytes }: FileProps & { bytes: Uint8Array }) {
  return (
    <>
      <p className="preview-bar muted small">
        {size === 0 ? "The file is empty." : `No text. The first ${formatCount(Math.min(SHOWN, bytes.length), "byte")} of ${formatBytes(size)}:`}
      </p>
      <pre className="file-text" tabIndex={0} role="region" aria-label={path}>
        {hexLines(bytes.subarray(0, SHOWN)).join("\n")}
      </pre>
    </>
  );
}

export function ArrayFile(props: FileProps) {
  const { uri, path, size } = props;
  const query = useQuery(filePartQuery(uri, path, 0, Math.min(size, NPY_READ)));
  if (query.isPending) return <SkeletonRows rows={6} height={24} />;
  if (query.isError) return <Failure what="The file could not be read." error={query.error} retry={() => void query.refetch()} />;
  const head = readNpyHead(query.data);
  const step = itemSize(head.type);
  const columns = head.shape.length > 1 ? Math.max(1, head.shape.at(-1)!) : 1;
  const body = query.data.subarray(head.offset);
  const note = `${head.type} (${head.shape.join(", ")})${head.fortran ? ", column by column" : ""}`;
  if (step === 0 || columns > WIDEST || head.fortran) {
    return (
      <>
        <p className="preview-bar muted small">An array of numpy: {note}</p>
        <Hex {...props} bytes={body} />
      </>
    );
  }
  const rows = readValues(head, body.subarray(0, body.length - (body.length % step)), columns);
  const names = Array.from({ length: columns }, (_, at) => String(at));
  return <Grid table={tableOfValues(names, rows)} label={path} note={<span className="muted small">{note}</span>} />;
}

export function TensorsFile(props: FileProps) {
  const { uri, path, size } = props;
  const first = useQuery(filePartQuery(uri, path, 0, Math.min(size, 8)));
  const length = first.data && first.data.length >= 8 ? Number(new DataView(first.data.buffer).getBigUint64(0, true)) : 0;
  const fits = length > 0 && length <= MOST_HEAD && 8 + length <= size;
  const query = useQuery({ ...filePartQuery(uri, path, 8, 8 + length), enabled: fits });
  if (first.data && !fits) return <BinaryFile {...props} />;
  const error = first.error ?? query.error;
  if (error) return <Failure what="The file could not be read." error={error} />;
  if (!query.data) return <SkeletonRows rows={6} height={24} />;
  const { tensors, metadata } = readTensors(new TextDecoder().decode(query.data));
  const rows = tensors.map((tensor) => [tensor.name, tensor.type, tensor.shape.join(" × ") || "scalar", tensor.bytes]);
  const note = metadata.map(([key, value]) => `${key}: ${value}`).join(", ");
  return <Grid table={tableOfValues(["tensor", "type", "shape", "bytes"], rows)} label={path} note={<span className="muted small">{note}</span>} />;
}

export function ArchiveFile(props: FileProps) {
  const { uri, path, size } = props;
  const first = useQuery(filePartQuery(uri, path, Math.max(0, size - TAIL), size));
  const wanted = first.data ? directorySize(first.data) : 0;
  const large = wanted > (first.data?.length ?? 0);
  const whole = useQuery({ ...filePartQuery(uri, path, Math.max(0, size - wanted), size), enabled: large && wanted <= MOST_DIRECTORY });
  const error = first.error ?? whole.error;
  if (error) return <Failure what="The file could not be read." error={error} />;
  if (first.data && (wanted === 0 || wanted > MOST_DIRECTORY)) return <BinaryFile {...props} />;
  const tail = large ? whole.data : first.data;
  if (!tail) return <SkeletonRows rows={6} height={24} />;
  const rows = readDirectory(tail).map((entry) => [entry.name, entry.size, entry.packed]);
  return <Grid table={tableOfValues(["file", "bytes", "packed"], rows)} label={path} />;
}
