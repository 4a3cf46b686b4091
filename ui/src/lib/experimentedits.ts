/** What can be done to experiments, with its way back. */

import { deleteExperiment, renameExperiment, restoreExperiment, setObjective, tagExperiment, type WrittenObjective } from "../api/experiments";
import type { Experiment } from "../api/types";
import type { Edit } from "./edits";
import { formatCount } from "./format";
import { OBJECTIVE_TAG } from "./objective";
import { forgetPlace, renamePlace } from "./places";

const TOUCHES = [["experiments"], ["experiment"], ["home"]] as const;

export function deletion(items: readonly Experiment[]): Edit {
  const gone: Experiment[] = [];
  let remember: (() => void)[] = [];
  return {
    said: items.length === 1 ? `Deleted ${items[0]!.name}.` : `Deleted ${formatCount(items.length, "experiment")}.`,
    act: async () => {
      for (const item of items) {
        await deleteExperiment(item.experiment_id);
        gone.push(item);
        remember = [forgetPlace({ kind: "experiment", id: item.experiment_id }), ...remember];
      }
    },
    undo: async () => {
      for (const item of gone) await restoreExperiment(item.experiment_id);
      for (const back of remember) back();
    },
    touches: TOUCHES,
  };
}

export function restoring(item: Experiment): Edit {
  return {
    said: `Restored ${item.name}.`,
    act: () => restoreExperiment(item.experiment_id),
    undo: () => deleteExperiment(item.experiment_id),
    touches: TOUCHES,
  };
}

export function renaming(item: Experiment, name: string): Edit {
  const to = async (next: string) => {
    await renameExperiment(item.experiment_id, next);
    renamePlace({ kind: "experiment", id: item.experiment_id, name: next });
  };
  return { said: `Renamed ${item.name} to ${name}.`, act: () => to(name), undo: () => to(item.name), touches: TOUCHES };
}

/** Says what an experiment is for, or with null that it is for nothing that is said. */
export function aiming(item: Experiment, written: Omit<WrittenObjective, "experiment_id"> | null): Edit {
  const back = tagging(item, OBJECTIVE_TAG, null, `${item.name} has no objective any more.`);
  if (written === null) return back;
  return {
    ...back,
    said: `Changed the objective of ${item.name}.`,
    act: () => setObjective({ experiment_id: item.experiment_id, ...written }),
  };
}

/** Sets a tag, or with null takes it away. */
export function tagging(item: Experiment, key: string, value: string | null, said: string): Edit {
  const before = item.tags?.[key] ?? null;
  return {
    said,
    act: () => tagExperiment(item.experiment_id, key, value),
    undo: () => tagExperiment(item.experiment_id, key, before),
    touches: TOUCHES,
  };
}
