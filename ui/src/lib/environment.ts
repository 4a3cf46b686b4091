/** What Treering captures of a program's environment: the file environment.json, read leniently. */

import { isObject } from "./tables";

export interface Source {
  commit: string;
  branch: string;
  remote: string;
  changed: string[];
  left_out: string[];
  untracked: string[];
  untracked_count: number;
  dirty: boolean;
  diff: { cut: boolean } | null;
}

export interface Environment {
  entry: string;
  command: string[];
  python: { version: string; implementation: string; executable: string };
  platform: { description: string; host: string };
  hardware: { cpu: string; cpu_count: number; memory: number; gpus: { name: string; memory: number; driver: string }[] };
  packages: Record<string, string>;
  source: Source | null;
}

/** What is missing, as in files of other versions, is empty. */
export function readEnvironment(value: unknown): Environment {
  const root = record(value);
  const python = record(root.python);
  const platform = record(root.platform);
  const hardware = record(root.hardware);
  const packages = Object.entries(record(root.packages)).map(([name, version]) => [name, String(version)]);
  return {
    entry: text(root.entry),
    command: texts(root.command),
    python: { version: text(python.version), implementation: text(python.implementation), executable: text(python.executable) },
    platform: { description: text(platform.description), host: text(platform.host) },
    hardware: {
      cpu: text(hardware.cpu),
      cpu_count: number(hardware.cpu_count),
      memory: number(hardware.memory),
      gpus: (Array.isArray(hardware.gpus) ? hardware.gpus : []).map(record).map((gpu) => ({ name: text(gpu.name), memory: number(gpu.memory), driver: text(gpu.driver) })),
    },
    packages: Object.fromEntries(packages) as Record<string, string>,
    source: isObject(root.source) ? sourceOf(root.source) : null,
  };
}

/** Packages whose name holds the text, by name. */
export function packagePairs(environment: Environment, wanted: string): [string, string][] {
  const part = wanted.trim().toLowerCase();
  return Object.entries(environment.packages)
    .filter(([name]) => name.toLowerCase().includes(part))
    .sort(([a], [b]) => a.localeCompare(b));
}

function sourceOf(from: Record<string, unknown>): Source {
  return {
    commit: text(from.commit),
    branch: text(from.branch),
    remote: text(from.remote),
    changed: texts(from.changed),
    left_out: texts(from.left_out),
    untracked: texts(from.untracked),
    untracked_count: number(from.untracked_count),
    dirty: from.dirty === true,
    diff: isObject(from.diff) ? { cut: from.diff.cut === true } : null,
  };
}

function record(value: unknown): Record<string, unknown> {
  return isObject(value) ? value : {};
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function number(value: unknown): number {
  return typeof value === "number" ? value : 0;
}
