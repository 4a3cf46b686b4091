/**
 * Which colour a run has. A slot is a place in the list of drawn runs: slots 0-9 are the ten colours, 10-19 the same
 * colours dashed. A run takes the first free slot and keeps it until it is no longer drawn; "" is a free slot.
 */

export const SLOTS = 20;

export function slotOf(slots: readonly string[], runId: string): number {
  return slots.indexOf(runId);
}

/** The slots with `runId` added in the first free place; unchanged where all are taken. */
export function draw(slots: readonly string[], runId: string): string[] {
  if (slots.includes(runId)) return [...slots];
  const free = slots.indexOf("");
  if (free >= 0) return slots.map((held, index) => (index === free ? runId : held));
  return slots.length < SLOTS ? [...slots, runId] : [...slots];
}

/** The slots without `runId`; the others keep their colours. */
export function erase(slots: readonly string[], runId: string): string[] {
  const left = slots.map((held) => (held === runId ? "" : held));
  while (left.at(-1) === "") left.pop();
  return left;
}

export function colourVariable(slot: number): string {
  return `--run-${slot % 10}`;
}

export function isDashed(slot: number): boolean {
  return slot >= 10;
}
