import { describe, expect, test } from "vitest";
import { pieces, plainText } from "./ansi";
import { directorySize, readDirectory, readNpyHead, readTensors, readValues } from "./arrays";
import { readYaml } from "./blockyaml";
import { decodeText, hexLines, looksBinary } from "./bytes";
import { CsvReader, parseCsv } from "./csv";
import { readEnvironment } from "./environment";
import { treeLines } from "./filetree";
import { jsonKind, loadedAddresses, parseJson } from "./jsontext";
import { readModel } from "./mlmodel";
import { markOf, nest } from "./nested";
import { parseNotebook } from "./notebook";
import { isLog, kindOf, languageOf } from "./previews";
import { runWays, serveWays } from "./runcode";
import { sparkPath } from "./spark";
import { stepSeries } from "./steps";
import { arrangeRows, cellText, tableOfObjects, tableOfTexts, tableOfValues } from "./tables";

const bytes = (text: string) => new TextEncoder().encode(text);

describe("kinds of files", () => {
  test.each([
    ["plots/a.PNG", "image"],
    ["x/MLmodel", "text"],
    ["table.csv", "delimited"],
    ["a.b/model", "unknown"],
    ["weights.pt", "binary"],
    ["analysis.ipynb", "notebook"],
  ])("%s is %s", (path, kind) => expect(kindOf(path)).toBe(kind));

  test("languages are told by the ending or the whole name", () => {
    expect([languageOf("a/train.py"), languageOf("MLmodel"), languageOf("x.toml"), languageOf("a.txt")]).toEqual(["python", "yaml", "ini", ""]);
  });

  test("what programs print is a log", () => {
    expect(["logs/a.txt", "stdout", "stderr.txt", "train.log"].map(isLog)).toEqual([true, true, true, true]);
    expect(["logs/a.png", "notes.txt", "catalog.csv"].map(isLog)).toEqual([false, false, false]);
  });
});

describe("bytes", () => {
  test("are UTF-8, or else Western European", () => {
    expect(decodeText(bytes("Grüße"))).toEqual({ text: "Grüße", encoding: "UTF-8" });
    expect(decodeText(Uint8Array.from([71, 114, 0xfc, 0xdf, 101]))).toEqual({ text: "Grüße", encoding: "Latin-1" });
    expect(decodeText(Uint8Array.from([0xff, 0xfe, 65, 0])).encoding).toBe("UTF-16");
  });

  test("of a part that ends within a character are UTF-8 all the same", () => {
    expect(decodeText(bytes("aü").subarray(0, 2))).toEqual({ text: "a", encoding: "UTF-8" });
  });

  test("with a zero are no text", () => {
    expect([looksBinary(bytes("a\tb\n\u001b[0m")), looksBinary(Uint8Array.from([65, 0])), looksBinary(new Uint8Array())]).toEqual([false, true, false]);
  });

  test("are shown sixteen a line", () => {
    expect(hexLines(bytes("0123456789abcdefG"))[1]).toMatch(/^00000010 {2}47 .*G$/);
  });
});

describe("tables in text", () => {
  test("quotes hold marks and line ends", () => {
    expect(parseCsv('a,b\n"one, two","line\nbreak"\n"say ""so""",\n')).toEqual([["a", "b"], ["one, two", "line\nbreak"], ['say "so"', ""]]);
  });

  test("parts may end anywhere", () => {
    const text = 'a;b\r\n"x""y;";2\r\n3;4';
    for (let cut = 1; cut < text.length; cut++) {
      const reader = new CsvReader(";");
      expect([...reader.push(text.slice(0, cut), false), ...reader.push(text.slice(cut), true)]).toEqual([["a", "b"], ['x"y;', "2"], ["3", "4"]]);
    }
  });

  test("columns have types, and sort by them with what is missing last", () => {
    const table = tableOfTexts(parseCsv("n,t,b\n10,2026-01-02,true\n9,2026-01-01,false\n,,\n"));
    expect(table.columns.map((column) => column.type)).toEqual(["number", "time", "boolean"]);
    expect(arrangeRows(table, { column: 0, descending: false }, "")).toEqual([1, 0, 2]);
    expect(arrangeRows(table, { column: 0, descending: true }, "")).toEqual([0, 1, 2]);
    expect(arrangeRows(table, null, "TRUE")).toEqual([0]);
  });

  test("formulas are text", () => {
    expect(tableOfTexts([["a"], ['=HYPERLINK("http://x")']]).rows).toEqual([['=HYPERLINK("http://x")']]);
  });
});

describe("tables of values", () => {
  test("cells of every kind are written", () => {
    expect([cellText(null), cellText(3n), cellText([1, { a: 2n }]), cellText(new Date(0)), cellText(new Float32Array([1, 2]))]).toEqual([
      "",
      "3",
      '[1,{"a":"2"}]',
      "1970-01-01 00:00:00",
      "[1, 2]",
    ]);
  });

  test("objects give a column for each key", () => {
    const table = tableOfObjects([{ a: 1 }, { b: "x" }, 5]);
    expect(table.columns.map((column) => column.name)).toEqual(["a", "b", "value"]);
    expect(table.rows[2]).toEqual([undefined, undefined, 5]);
  });

  test("pictures of log_table are known", () => {
    expect(tableOfValues(["p"], [[{ type: "image", filepath: "a.png" }]]).columns[0]!.type).toBe("picture");
  });
});

describe("JSON", () => {
  test("of Python may hold NaN", () => {
    expect(parseJson('{"a": NaN, "b": [-Infinity], "c": "NaN"}')).toEqual({ a: "NaN", b: ["-Infinity"], c: "NaN" });
    expect(() => parseJson('{"half": [1')).toThrow(SyntaxError);
  });

  test("is told by its contents", () => {
    expect(jsonKind({ columns: ["a"], data: [[1]] })).toBe("table");
    expect(jsonKind({ data: [{ type: "bar", x: [1] }], layout: {} })).toBe("plotly");
    expect(jsonKind({ $schema: "https://vega.github.io/schema/vega-lite/v5.json" })).toBe("vega-lite");
    expect(jsonKind({ $schema: "https://vega.github.io/schema/vega/v5.json" })).toBe("vega");
    expect(jsonKind({ counts: [1], edges: [0, 1] })).toBe("histogram");
    expect(jsonKind([1])).toBe("plain");
    expect(jsonKind({ data: [1, 2] })).toBe("plain");
  });

  test("figures that load something are found out, whatever their rows are called", () => {
    expect(loadedAddresses({ layer: [{ data: { url: "http://x/a.csv" } }] })).toEqual(["http://x/a.csv"]);
    expect(loadedAddresses({ data: [{ url: { signal: "'http://' + x" } }] })).toHaveLength(1);
    expect(loadedAddresses({ data: { values: [{ url: "a row" }] } })).toEqual([]);
  });
});

describe("model folders", () => {
  const text = [
    "flavors:",
    "  python_function:",
    "    env:",
    "      conda: conda.yaml",
    "    code: null",
    "model_size_bytes: 9104",
    "signature:",
    `  inputs: '[{"type": "double", "name": "a long column name", "required": true}, {"type":`,
    `    "string", "name": "d it''s", "required": false}]'`,
    `  outputs: '[{"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 3]}}]'`,
    `  params: '[{"name": "n", "default": [1, 2], "shape": [-1], "type": "long"}]'`,
    "utc_time_created: '2026-11-21 14:11:24.221000'",
  ].join("\n");

  test("tell what the model takes, over folded lines", () => {
    const model = readModel(text);
    expect(model.flavours).toEqual([{ name: "python_function", settings: [["env.conda", "conda.yaml"]] }]);
    expect(model.signature?.inputs).toEqual([
      { name: "a long column name", type: "double", required: true, standard: "" },
      { name: "d it's", type: "string", required: false, standard: "" },
    ]);
    expect(model.signature?.outputs[0]!.type).toBe("tensor float32 (-1, 3)");
    expect(model.signature?.params[0]).toMatchObject({ type: "long (-1)", standard: "[1,2]" });
    expect([model.sizeBytes, model.created]).toEqual([9104, "2026-11-21 14:11:24.221000"]);
  });

  test("without flavours are none", () => expect(() => readModel("a: 1")).toThrow("no flavour"));

  test("YAML of lists, blocks and nonsense is read as far as it goes", () => {
    expect(readYaml("a:\n- b\n- c: 1\n  d: 2\ne: |\n  x\n   y\nf: ''")).toEqual({ a: ["b", { c: "1", d: "2" }], e: "x\n y", f: "" });
    expect(readYaml("{{{\n\t:::")).toBeTypeOf("string");
    expect(readYaml(`${"- ".repeat(500)}x`)).toBeDefined();
  });
});

describe("notebooks", () => {
  test("choose the richest form of an output, and never script", () => {
    const cell = (data: Record<string, unknown>) => ({ cell_type: "code", source: "x", outputs: [{ output_type: "display_data", data }] });
    const { cells } = parseNotebook({
      cells: [
        cell({ "text/plain": "t", "text/html": ["<b>", "</b>"] }),
        cell({ "application/javascript": "alert(1)" }),
        cell({ "image/svg+xml": "<svg/>" }),
        cell({ "application/vnd.plotly.v1+json": { data: [] }, "text/html": "<script>" }),
      ],
    });
    expect(cells.map((item) => item.outputs[0]!.kind)).toEqual(["html", "left-out", "picture", "plotly"]);
  });

  test("without cells are refused", () => expect(() => parseNotebook({})).toThrow("no cells"));
});

describe("heads of binary files", () => {
  test("of numpy", () => {
    const head = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }".padEnd(117) + "\n";
    const file = new Uint8Array([0x93, ...bytes("NUMPY"), 1, 0, head.length, 0, ...bytes(head), ...new Uint8Array(new Float32Array([1, 2, 3, 4, 5, 6]).buffer)]);
    const found = readNpyHead(file);
    expect([found.type, found.shape]).toEqual(["<f4", [2, 3]]);
    expect(readValues(found, file.subarray(found.offset), 3)).toEqual([[1, 2, 3], [4, 5, 6]]);
    expect(() => readNpyHead(bytes("nothing"))).toThrow("numpy");
  });

  test("of safetensors", () => {
    const { tensors, metadata } = readTensors('{"__metadata__": {"format": "pt"}, "w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}');
    expect([tensors, metadata]).toEqual([[{ name: "w", type: "F32", shape: [2], bytes: 8 }], [["format", "pt"]]]);
  });

  test("what is no archive lists nothing", () => {
    expect(directorySize(bytes("no archive"))).toBe(0);
    expect(() => readDirectory(bytes("no archive"))).toThrow("zip");
  });
});

describe("what surrounds a run", () => {
  test("steps of pictures, of MLflow's newer and older names", () => {
    const { series, rest } = stepSeries([
      "images/val~a+step+10+timestamp+5+abc-1.png",
      "images/val~a+step+2+timestamp+5+abc-2.png",
      "images/val~a+step+2+timestamp+5+abc-2+compressed.webp",
      "images/b%step%1%timestamp%5%x.png",
      "images/other.png",
    ]);
    expect([...series.keys()]).toEqual(["b", "val/a"]);
    expect(series.get("val/a")!.map((file) => file.step)).toEqual([2, 10]);
    expect(rest).toEqual(["images/other.png"]);
  });

  test("params fold by what they begin with", () => {
    const pairs: [string, string][] = [["model.depth", "1"], ["model.width", "2"], ["opt.lr", "3"], ["seed", "4"]];
    expect(markOf(pairs)).toBe(".");
    expect(nest(pairs).map((branch) => [branch.name, branch.count])).toEqual([["model", 2], ["opt.lr", 1], ["seed", 1]]);
    expect(nest([["a", "1"], ["a.b", "2"], ["a.c", "3"]]).map((branch) => branch.value)).toEqual(["1", null]);
    expect(markOf([["lr", "1"], ["a.b", "2"]])).toBe("");
  });

  test("colours of a terminal become tones, and overwritten lines are gone", () => {
    expect(pieces("\u001b[31mbad\u001b[0m ok")).toEqual([{ text: "bad", tone: "err" }, { text: " ok", tone: "" }]);
    expect(plainText("10%\r50%\r100%\r")).toBe("100%");
    expect(plainText("\u001b]0;title\u0007x\u001b[2K")).toBe("x");
  });

  test("an environment of another version is read leniently", () => {
    expect(readEnvironment({ packages: { a: 1 }, hardware: { gpus: [{ name: "g" }] } })).toMatchObject({ packages: { a: "1" }, source: null });
    expect(readEnvironment(null).command).toEqual([]);
  });

  test("sparks leave a gap where there is no number", () => {
    expect(sparkPath([1, NaN, 2, 3], 10, 10).match(/M/g)).toHaveLength(2);
    expect(sparkPath([1], 10, 10)).toBe("");
  });

  test("code to copy escapes what it quotes", () => {
    expect(runWays("http://h", "abc").rest).toBe("curl http://h/api/v1/runs/abc");
    expect(serveWays("http://h", "runs:/a/it's", '{"a": "it\'s"}').cli).toContain(`'runs:/a/it'\\''s'`);
  });

  test("the tree shows what is unfolded, and a search what was looked into", () => {
    const file = (path: string, is_dir = false) => ({ path, is_dir, size: is_dir ? null : 1 });
    const listings = new Map([["run:", { files: [file("b.txt"), file("a", true)] }], ["run:a", { files: [file("a/c10"), file("a/c9")] }]]);
    const roots = [{ id: "run", label: "Run" }];
    const labels = (open: string[], search = "") => treeLines(roots, listings, new Set(open), new Map(), search).map((line) => line.label);
    expect(labels([])).toEqual(["a", "b.txt"]);
    expect(labels(["run:a"])).toEqual(["a", "c9", "c10", "b.txt"]);
    expect(labels([], "C1")).toEqual(["a/c10"]);
  });
});
