/** What the heads of binary files say: numpy's arrays, safetensors, zip archives. */

import { isObject } from "./tables";

export interface ArrayHead {
  type: string;
  shape: number[];
  fortran: boolean;
  /** Where the values begin. */
  offset: number;
}

/** The head of a .npy file. Throws Error where it is none. */
export function readNpyHead(bytes: Uint8Array): ArrayHead {
  if (bytes[0] !== 0x93 || new TextDecoder("latin1").decode(bytes.subarray(1, 6)) !== "NUMPY") {
    throw new Error("The file does not begin as numpy's files do.");
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const wide = bytes[6]! > 1;
  const length = wide ? view.getUint32(8, true) : view.getUint16(8, true);
  const begin = wide ? 12 : 10;
  const head = new TextDecoder("latin1").decode(bytes.subarray(begin, begin + length));
  const type = /'descr':\s*'([^']+)'/.exec(head)?.[1];
  const shape = /'shape':\s*\(([^)]*)\)/.exec(head)?.[1];
  if (type === undefined || shape === undefined) throw new Error("Arrays of records are not shown; download the file.");
  return {
    type,
    shape: shape.split(",").flatMap((part) => (part.trim() ? [Number(part)] : [])),
    fortran: /'fortran_order':\s*True/.test(head),
    offset: begin + length,
  };
}

const READERS: Record<string, [number, (view: DataView, at: number, little: boolean) => number | bigint | boolean]> = {
  f4: [4, (view, at, little) => view.getFloat32(at, little)],
  f8: [8, (view, at, little) => view.getFloat64(at, little)],
  i1: [1, (view, at) => view.getInt8(at)],
  i2: [2, (view, at, little) => view.getInt16(at, little)],
  i4: [4, (view, at, little) => view.getInt32(at, little)],
  i8: [8, (view, at, little) => view.getBigInt64(at, little)],
  u1: [1, (view, at) => view.getUint8(at)],
  u2: [2, (view, at, little) => view.getUint16(at, little)],
  u4: [4, (view, at, little) => view.getUint32(at, little)],
  u8: [8, (view, at, little) => view.getBigUint64(at, little)],
  b1: [1, (view, at) => view.getUint8(at) !== 0],
};

/** Bytes of one value; 0 for a type that is not shown. */
export function itemSize(type: string): number {
  return READERS[type.slice(1)]?.[0] ?? 0;
}

/** The first values of an array, row by row, as far as the bytes go. */
export function readValues(head: ArrayHead, bytes: Uint8Array, width: number): (number | bigint | boolean)[][] {
  const reader = READERS[head.type.slice(1)];
  if (!reader) return [];
  const [size, read] = reader;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const rows: (number | bigint | boolean)[][] = [];
  for (let at = 0; at + size <= bytes.length; at += size) {
    const index = at / size;
    if (index % width === 0) rows.push([]);
    rows.at(-1)!.push(read(view, at, head.type[0] !== ">"));
  }
  return rows;
}

export interface Tensor {
  name: string;
  type: string;
  shape: number[];
  bytes: number;
}

/** What the head of a safetensors file lists. */
export function readTensors(text: string): { tensors: Tensor[]; metadata: [string, string][] } {
  const head: unknown = JSON.parse(text);
  if (!isObject(head)) throw new Error("The file's head lists no tensors.");
  const tensors: Tensor[] = [];
  for (const [name, value] of Object.entries(head)) {
    if (name === "__metadata__" || !isObject(value) || !Array.isArray(value.data_offsets)) continue;
    const [from, to] = value.data_offsets.map(Number);
    tensors.push({ name, type: String(value.dtype), shape: (value.shape as unknown[]).map(Number), bytes: (to ?? 0) - (from ?? 0) });
  }
  const metadata = isObject(head.__metadata__) ? head.__metadata__ : {};
  return { tensors, metadata: Object.entries(metadata).map(([key, value]) => [key, String(value)]) };
}

export interface ArchiveEntry {
  name: string;
  size: number;
  packed: number;
}

/** How many bytes from the end of a zip file hold its directory; 0 where the end is of no zip file. */
export function directorySize(tail: Uint8Array): number {
  const at = endRecord(tail);
  if (at < 0) return 0;
  const view = new DataView(tail.buffer, tail.byteOffset, tail.byteLength);
  return view.getUint32(at + 12, true) + (tail.length - at);
}

/** The entries of a zip file, read from its end. Throws Error where the end holds no whole directory. */
export function readDirectory(tail: Uint8Array): ArchiveEntry[] {
  const end = endRecord(tail);
  if (end < 0) throw new Error("The file does not end as zip files do.");
  const view = new DataView(tail.buffer, tail.byteOffset, tail.byteLength);
  const entries: ArchiveEntry[] = [];
  let at = end - view.getUint32(end + 12, true);
  if (at < 0) throw new Error("The archive lists more files than are shown here.");
  while (at + 46 <= end && view.getUint32(at, true) === 0x02014b50) {
    const length = view.getUint16(at + 28, true);
    const name = new TextDecoder().decode(tail.subarray(at + 46, at + 46 + length));
    entries.push({ name, size: view.getUint32(at + 24, true), packed: view.getUint32(at + 20, true) });
    at += 46 + length + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return entries;
}

function endRecord(tail: Uint8Array): number {
  for (let at = tail.length - 22; at >= 0; at--) {
    if (tail[at] === 0x50 && tail[at + 1] === 0x4b && tail[at + 2] === 5 && tail[at + 3] === 6) return at;
  }
  return -1;
}
