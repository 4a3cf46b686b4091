/**
 * Stands in for `hysnappy` (see vite.config.ts), which unpacks in WebAssembly: the page's policy lets none run, and
 * hyparquet has the same in JavaScript.
 */

import { snappyUncompress as unpack } from "hyparquet";

export function snappyUncompress(input: Uint8Array, length: number): Uint8Array {
  const output = new Uint8Array(length);
  unpack(input, output);
  return output;
}

export function snappyUncompressor(): typeof snappyUncompress {
  return snappyUncompress;
}
