/** Which preview a file gets, told by its name, and by its first bytes where the name says nothing. */

export type Kind =
  | "image"
  | "audio"
  | "video"
  | "pdf"
  | "page"
  | "markdown"
  | "notebook"
  | "delimited"
  | "parquet"
  | "lines"
  | "json"
  | "array"
  | "tensors"
  | "archive"
  | "text"
  | "binary"
  | "unknown";

const ENDINGS: Partial<Record<Kind, string>> = {
  image: "png jpg jpeg jfif gif webp bmp avif ico svg",
  audio: "wav mp3 ogg oga flac m4a opus",
  video: "mp4 webm mov m4v ogv",
  pdf: "pdf",
  page: "html htm xhtml",
  markdown: "md markdown",
  notebook: "ipynb",
  delimited: "csv tsv",
  parquet: "parquet pq",
  lines: "jsonl ndjson",
  json: "json geojson",
  array: "npy",
  tensors: "safetensors",
  archive: "zip whl npz jar",
  text:
    "txt text log out err yaml yml toml ini cfg conf properties env py pyi r sh bash sql js mjs ts tsx jsx css xml " +
    "rst tex lock java c h cc cpp hpp go rs jl scala diff patch mlproject gitignore",
  binary: "bin pkl pickle joblib pt pth ckpt h5 hdf5 onnx pb tflite gz bz2 xz zst tar so model ubj cbm npys db sqlite",
};
const KINDS = new Map<string, Kind>();
for (const [kind, endings] of Object.entries(ENDINGS)) {
  for (const ending of endings.split(" ")) KINDS.set(ending, kind as Kind);
}
const PLAIN_NAMES = new Set(["mlmodel", "mlproject", "dockerfile", "makefile", "license", "readme", "stdout", "stderr"]);

const LANGUAGES: Record<string, string> = {
  py: "python",
  pyi: "python",
  json: "json",
  jsonl: "json",
  ndjson: "json",
  ipynb: "json",
  yaml: "yaml",
  yml: "yaml",
  mlmodel: "yaml",
  mlproject: "yaml",
  sh: "bash",
  bash: "bash",
  sql: "sql",
  xml: "xml",
  html: "xml",
  htm: "xml",
  svg: "xml",
  js: "javascript",
  mjs: "javascript",
  jsx: "javascript",
  ts: "javascript",
  tsx: "javascript",
  md: "markdown",
  diff: "diff",
  patch: "diff",
  ini: "ini",
  toml: "ini",
  cfg: "ini",
  conf: "ini",
  properties: "ini",
};

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** The folder that a file lies in; "" for the root. */
export function folderOf(path: string): string {
  return path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "";
}

export function kindOf(path: string): Kind {
  const name = nameOf(path).toLowerCase();
  if (PLAIN_NAMES.has(name)) return "text";
  return KINDS.get(endingOf(name)) ?? "unknown";
}

/** The name of highlight.js for a file's language; "" for none that is loaded. */
export function languageOf(path: string): string {
  const name = nameOf(path).toLowerCase();
  return LANGUAGES[endingOf(name) || name] ?? "";
}

/** Whether a file is likely to be what a program printed. */
export function isLog(path: string): boolean {
  const name = nameOf(path).toLowerCase();
  if (/^(stdout|stderr|output|console)(\.(txt|log|out|err))?$/.test(name) || /\.(log|out|err)$/.test(name)) return true;
  return /(^|\/)logs\//.test(path) && kindOf(path) === "text";
}

function endingOf(name: string): string {
  const dot = name.lastIndexOf(".");
  return dot < 0 ? "" : name.slice(dot + 1);
}
