// Writes a .br and a .gz beside every text file of the build, so that the server never compresses at run time. A large
// script that is fetched only when it is needed is left packed alone: the wheel would else carry it three times.
import { readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { extname, join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const root = process.argv[2] ?? new URL("../../src/treering/server/static", import.meta.url).pathname;
const text = new Set([".js", ".css", ".html", ".svg", ".json", ".txt", ".map"]);
const budget = 230 * 1024;
const large = 100 * 1024; // bytes of a script that is not kept as it is

let entry = 0;
for (const name of readdirSync(root, { recursive: true })) {
  const path = join(root, name);
  if (!statSync(path).isFile() || !text.has(extname(path))) continue;
  const bytes = readFileSync(path);
  const gz = gzipSync(bytes, { level: 9 });
  if (/^assets[\\/]core-.*\.js$/.test(name)) entry = gz.length;
  if (bytes.length < 512) continue; // a header would outweigh the saving
  writeFileSync(`${path}.gz`, gz);
  if (extname(path) === ".js" && bytes.length > large && !/^assets[\\/]core-/.test(name)) {
    rmSync(path);
    console.log(`${name}: ${bytes.length} B, gzip ${gz.length} B, kept packed alone`);
    continue;
  }
  const br = brotliCompressSync(bytes, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
  });
  writeFileSync(`${path}.br`, br);
  console.log(`${name}: ${bytes.length} B, gzip ${gz.length} B, brotli ${br.length} B`);
}
if (entry > budget) {
  console.error(`The entry script is ${entry} B gzipped; the budget is ${budget} B. Load a part of it lazily.`);
  process.exit(1);
}
