/** What can be done to registered models and their versions, with its way back. */

import {
  aliasModel,
  describeModel,
  describeVersion,
  renameModel,
  stageVersion,
  tagModel,
  tagVersion,
  touchedBy,
} from "../api/models";
import type { ModelVersion, RegisteredModel } from "../api/types";
import type { Edit } from "./edits";

export function describing(model: RegisteredModel, text: string): Edit {
  const { name, description = "" } = model;
  return {
    said: `Changed the description of ${name}.`,
    act: () => describeModel(name, text),
    undo: () => describeModel(name, description),
    touches: touchedBy(name),
  };
}

export function describingVersion(version: ModelVersion, text: string): Edit {
  const { name, version: number, description = "" } = version;
  return {
    said: `Changed the description of ${name} v${number}.`,
    act: () => describeVersion(name, number, text),
    undo: () => describeVersion(name, number, description),
    touches: touchedBy(name),
  };
}

export function taggingModel(model: RegisteredModel, key: string, value: string | null): Edit {
  const before = model.tags?.[key] ?? null;
  return {
    said: value === null ? `Removed the tag ${key}.` : `Set the tag ${key}.`,
    act: () => tagModel(model.name, key, value),
    undo: () => tagModel(model.name, key, before),
    touches: touchedBy(model.name),
  };
}

export function taggingVersion(version: ModelVersion, key: string, value: string | null): Edit {
  const { name, version: number } = version;
  const before = version.tags?.[key] ?? null;
  return {
    said: value === null ? `Removed the tag ${key}.` : `Set the tag ${key}.`,
    act: () => tagVersion(name, number, key, value),
    undo: () => tagVersion(name, number, key, before),
    touches: touchedBy(name),
  };
}

/** Points an alias at a version, or with null takes it away. */
export function aliasing(model: RegisteredModel, alias: string, version: number | null): Edit {
  const before = model.aliases?.[alias] ?? null;
  let said = `@${alias} now means v${version}.`;
  if (version === null) said = `Removed @${alias}.`;
  else if (before !== null) said = `Moved @${alias} from v${before} to v${version}.`;
  return {
    said,
    act: () => aliasModel(model.name, alias, version),
    undo: () => aliasModel(model.name, alias, before),
    touches: touchedBy(model.name),
  };
}

/** Moves a version to a stage; `others` are those that go to Archived for it. */
export function staging(version: ModelVersion, stage: string, others: readonly ModelVersion[]): Edit {
  const { name, version: number } = version;
  return {
    said: `${name} v${number} is in ${stage} now.`,
    act: () => stageVersion(name, number, stage, others.length > 0),
    undo: async () => {
      await stageVersion(name, number, version.stage);
      for (const other of others) await stageVersion(name, other.version, other.stage);
    },
    touches: touchedBy(name),
  };
}

/** `open` leads to the page of the other name, before anything asks for the one that is gone. */
export function renamingModel(name: string, next: string, open: (name: string) => Promise<unknown>): Edit {
  const from = async (old: string, to: string) => {
    await renameModel(old, to);
    await open(to);
  };
  return {
    said: `Renamed ${name} to ${next}.`,
    act: () => from(name, next),
    undo: () => from(next, name),
    touches: [...touchedBy(name), ...touchedBy(next)],
  };
}

/** The version that others are measured by: that of @champion, else the newest in Production. */
export function championOf(versions: readonly ModelVersion[]): ModelVersion | undefined {
  return (
    versions.find((item) => item.aliases?.includes("champion")) ??
    versions.filter((item) => item.stage === "Production").sort((a, b) => b.version - a.version)[0]
  );
}
