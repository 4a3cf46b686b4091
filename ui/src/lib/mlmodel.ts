/** The file MLmodel of a model folder: what kind of model, what it takes and gives, and how it was made. */

import { readYaml, type Yaml } from "./blockyaml";
import { isObject } from "./tables";

export interface SignatureField {
  name: string;
  type: string;
  required: boolean;
  /** For params: what is taken where none is given. */
  standard: string;
}

export interface Signature {
  inputs: SignatureField[];
  outputs: SignatureField[];
  params: SignatureField[];
}

export interface ModelFolder {
  flavours: { name: string; settings: [string, string][] }[];
  signature: Signature | null;
  metadata: [string, string][];
  runId: string;
  modelId: string;
  created: string;
  sizeBytes: number | null;
  version: string;
  /** Path of the input example within the folder; "" for none. */
  example: string;
  servingExample: string;
}

/** Throws Error where the text is no description of a model. */
export function readModel(text: string): ModelFolder {
  const root = asMapping(readYaml(text));
  const flavours = asMapping(root.flavors);
  if (Object.keys(flavours).length === 0) throw new Error("MLmodel names no flavour, so it does not say what the model is.");
  const example = asMapping(root.saved_input_example_info);
  return {
    flavours: Object.entries(flavours).map(([name, settings]) => ({ name, settings: flat(settings) })),
    signature: signatureOf(asMapping(root.signature)),
    metadata: flat(root.metadata ?? null),
    runId: asText(root.run_id),
    modelId: asText(root.model_id),
    created: asText(root.utc_time_created),
    sizeBytes: Number(asText(root.model_size_bytes)) || null,
    version: asText(root.mlflow_version),
    example: asText(example.artifact_path),
    servingExample: asText(example.serving_input_path),
  };
}

function signatureOf(root: { [key: string]: Yaml }): Signature | null {
  const signature = { inputs: fields(root.inputs), outputs: fields(root.outputs), params: fields(root.params) };
  return signature.inputs.length + signature.outputs.length + signature.params.length > 0 ? signature : null;
}

function fields(text: Yaml | undefined): SignatureField[] {
  if (typeof text !== "string") return [];
  let listed: unknown;
  try {
    listed = JSON.parse(text);
  } catch {
    return [{ name: "", type: text, required: true, standard: "" }];
  }
  const items = Array.isArray(listed) ? listed : [listed];
  return items.filter(isObject).map((item) => ({
    name: typeof item.name === "string" ? item.name : "",
    type: typeName(item),
    required: item.required !== false && item.optional !== true,
    standard: "default" in item ? JSON.stringify(item.default) : "",
  }));
}

/** A type in words: `tensor float32 (-1, 28)`, `array of string`, `{a: long}`. */
export function typeName(item: Record<string, unknown>, depth = 0): string {
  const type = typeof item.type === "string" ? item.type : "any";
  if (depth > 8) return type;
  if (type === "tensor" && isObject(item["tensor-spec"])) {
    const { dtype, shape } = item["tensor-spec"];
    return `tensor ${String(dtype)} (${Array.isArray(shape) ? shape.map(String).join(", ") : ""})`;
  }
  if (type === "array" && isObject(item.items)) return `array of ${typeName(item.items, depth + 1)}`;
  if (type === "map" && isObject(item.values)) return `map of ${typeName(item.values, depth + 1)}`;
  if (type === "object" && isObject(item.properties)) {
    const inner = Object.entries(item.properties).map(([name, value]) => `${name}: ${isObject(value) ? typeName(value, depth + 1) : "any"}`);
    return `{${inner.join(", ")}}`;
  }
  return Array.isArray(item.shape) ? `${type} (${item.shape.map(String).join(", ")})` : type;
}

/** Nested settings as pairs with dots between the names. */
function flat(value: Yaml, prefix = "", depth = 0): [string, string][] {
  if (value === null) return [];
  if (Array.isArray(value)) return [[prefix, value.map((item) => (typeof item === "string" ? item : JSON.stringify(item))).join(", ")]];
  if (typeof value === "string") return [[prefix, value]];
  if (depth > 8) return [[prefix, "…"]];
  return Object.entries(value).flatMap(([key, inner]) => flat(inner, prefix ? `${prefix}.${key}` : key, depth + 1));
}

function asMapping(value: Yaml | undefined): { [key: string]: Yaml } {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
}

function asText(value: Yaml | undefined): string {
  return typeof value === "string" ? value : "";
}
