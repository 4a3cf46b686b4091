/**
 * Which inputs an outcome depends on: a forest of regression trees learns to tell it, and an input matters as much as
 * the forest errs more when that input is shuffled. Everything random comes from a seed, so that the answer stands.
 */

export interface Input {
  readonly name: string;
  /** One value for each run; texts are told apart, not ordered. Null is a value of its own. */
  readonly values: readonly (number | string | null)[];
}

export interface ForestOptions {
  readonly trees?: number;
  readonly depth?: number;
  readonly leaf?: number;
  readonly seed?: number;
}

export interface Importance {
  readonly name: string;
  /** Share of the whole, 0 to 1; they sum to 1 unless nothing matters. */
  readonly share: number;
}

export interface ForestResult {
  readonly importances: readonly Importance[];
  /** How much of the outcome's variance the forest explains for runs that a tree has not seen; at most 1. */
  readonly explained: number;
}

interface Leaf {
  readonly value: number;
}

interface Fork {
  readonly input: number;
  readonly at: number;
  readonly left: Tree;
  readonly right: Tree;
}

type Tree = Leaf | Fork;

interface Growing {
  /** Which step of the input's values each row has. */
  readonly columns: readonly Uint8Array[];
  readonly outcome: Float64Array;
  readonly tried: number;
  readonly depth: number;
  readonly leaf: number;
  readonly chance: () => number;
}

/** Steps into which the values of an input are put; a tree splits between two of them. */
const STEPS = 32;
const SHUFFLES = 3;

export function importances(inputs: readonly Input[], outcome: ArrayLike<number>, options: ForestOptions = {}): ForestResult {
  const { trees = 60, depth = 10, leaf = 3, seed = 1 } = options;
  const target = Float64Array.from(outcome);
  const count = target.length;
  const columns = inputs.map((input) => steps(encoded(input.values, target)));
  const chance = randomness(seed);
  // Where inputs are few, all are tried at each fork; else a third of them, as is usual for regression.
  const tried = columns.length <= 4 ? columns.length : Math.ceil(columns.length / 3);
  const growing: Growing = { columns, outcome: target, tried, depth, leaf, chance };
  const told = new Float64Array(count);
  const votes = new Int32Array(count);
  const losses = new Float64Array(inputs.length);
  for (let number = 0; number < trees; number++) {
    const seen = Int32Array.from({ length: count }, () => Math.floor(chance() * count));
    const inside = new Set(seen);
    const outside = Int32Array.from({ length: count }, (_, row) => row).filter((row) => !inside.has(row));
    if (outside.length === 0) continue;
    const tree = grow(growing, seen, 0);
    outside.forEach((row) => {
      told[row] = told[row]! + tell(tree, columns, row);
      votes[row] = votes[row]! + 1;
    });
    const usual = errorOf(tree, growing, outside);
    used(tree).forEach((input) => {
      let more = 0;
      for (let turn = 0; turn < SHUFFLES; turn++) more += errorOf(tree, growing, outside, input) - usual;
      losses[input] = losses[input]! + more / SHUFFLES;
    });
  }
  const known = losses.map((loss) => Math.max(0, loss));
  const whole = known.reduce((sum, loss) => sum + loss, 0);
  return {
    importances: inputs.map(({ name }, index) => ({ name, share: whole > 0 ? known[index]! / whole : 0 })),
    explained: explainedBy(told, votes, target),
  };
}

/** Numbers in 0 to 1 that look random and are the same for the same seed (mulberry32). */
export function randomness(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/**
 * Numbers that trees can split: of numbers their own, with what is missing below all; of texts the place in the order
 * of their mean outcome, where the best split of the texts into two is always one of neighbours.
 */
function encoded(values: readonly (number | string | null)[], outcome: Float64Array): Float64Array {
  const numbers = values.filter((value) => typeof value === "number");
  if (values.every((value) => value === null || typeof value === "number")) {
    const missing = numbers.reduce((least, value) => Math.min(least, value), 0) - 1;
    return Float64Array.from(values, (value) => (value === null ? missing : (value as number)));
  }
  const sums = new Map<string, [number, number]>();
  values.forEach((value, row) => {
    const [sum, count] = sums.get(String(value)) ?? [0, 0];
    sums.set(String(value), [sum + outcome[row]!, count + 1]);
  });
  const order = [...sums].sort(([, [a, n]], [, [b, m]]) => a / n - b / m).map(([text]) => text);
  const place = new Map(order.map((text, index) => [text, index]));
  return Float64Array.from(values, (value) => place.get(String(value))!);
}

function grow(growing: Growing, rows: Int32Array, level: number): Tree {
  const { outcome, depth, leaf } = growing;
  const value = rows.reduce((sum, row) => sum + outcome[row]!, 0) / rows.length;
  if (level >= depth || rows.length < 2 * leaf) return { value };
  const split = bestSplit(growing, rows);
  if (!split) return { value };
  const column = growing.columns[split.input]!;
  const left = rows.filter((row) => column[row]! <= split.at);
  const right = rows.filter((row) => column[row]! > split.at);
  return { ...split, left: grow(growing, left, level + 1), right: grow(growing, right, level + 1) };
}

function bestSplit(growing: Growing, rows: Int32Array): { input: number; at: number } | null {
  const { columns, outcome, tried, leaf, chance } = growing;
  const sum = rows.reduce((total, row) => total + outcome[row]!, 0);
  // Minus the squared error of the two sides, apart from what is the same for all splits.
  let best = (sum * sum) / rows.length + 1e-12 * Math.abs(sum);
  let found: { input: number; at: number } | null = null;
  for (const input of someOf(columns.length, tried, chance)) {
    const column = columns[input]!;
    const [counts, sums] = [new Int32Array(STEPS), new Float64Array(STEPS)];
    for (const row of rows) {
      const step = column[row]!;
      counts[step] = counts[step]! + 1;
      sums[step] = sums[step]! + outcome[row]!;
    }
    let [count, left] = [0, 0];
    for (let at = 0; at < STEPS - 1; at++) {
      if (counts[at] === 0) continue;
      count += counts[at]!;
      left += sums[at]!;
      if (count < leaf || rows.length - count < leaf) continue;
      const gain = (left * left) / count + (sum - left) ** 2 / (rows.length - count);
      if (gain <= best) continue;
      best = gain;
      found = { input, at };
    }
  }
  return found;
}

/** Values as steps from 0; where there are more distinct values than steps, as many rows in each. */
function steps(values: Float64Array): Uint8Array {
  const sorted = values.slice().sort();
  const distinct = sorted.filter((value, index) => index === 0 || value !== sorted[index - 1]);
  const ends =
    distinct.length <= STEPS
      ? distinct
      : Float64Array.from({ length: STEPS }, (_, step) => sorted[Math.ceil(((step + 1) * sorted.length) / STEPS) - 1]!);
  return Uint8Array.from(values, (value) => {
    let step = 0;
    while (ends[step]! < value) step++;
    return step;
  });
}

function someOf(count: number, wanted: number, chance: () => number): number[] {
  const all = Array.from({ length: count }, (_, index) => index);
  for (let index = 0; index < wanted; index++) {
    const other = index + Math.floor(chance() * (count - index));
    [all[index], all[other]] = [all[other]!, all[index]!];
  }
  return all.slice(0, wanted);
}

/** What a tree says of a row; with `instead`, of the row as if it had the value of another for one input. */
function tell(tree: Tree, columns: readonly Uint8Array[], row: number, instead = { input: -1, row }): number {
  let here = tree;
  while ("input" in here) {
    const value = columns[here.input]![here.input === instead.input ? instead.row : row]!;
    here = value <= here.at ? here.left : here.right;
  }
  return here.value;
}

function errorOf(tree: Tree, growing: Growing, rows: Int32Array, shuffled = -1): number {
  const { columns, outcome, chance } = growing;
  let sum = 0;
  for (const row of rows) {
    const instead = shuffled < 0 ? row : rows[Math.floor(chance() * rows.length)]!;
    sum += (tell(tree, columns, row, { input: shuffled, row: instead }) - outcome[row]!) ** 2;
  }
  return sum / rows.length;
}

function used(tree: Tree, found = new Set<number>()): Set<number> {
  if (!("input" in tree)) return found;
  found.add(tree.input);
  used(tree.left, found);
  return used(tree.right, found);
}

function explainedBy(told: Float64Array, votes: Int32Array, outcome: Float64Array): number {
  const rows = Array.from(outcome.keys()).filter((row) => votes[row]! > 0);
  const middle = rows.reduce((sum, row) => sum + outcome[row]!, 0) / rows.length;
  const whole = rows.reduce((sum, row) => sum + (outcome[row]! - middle) ** 2, 0);
  const left = rows.reduce((sum, row) => sum + (outcome[row]! - told[row]! / votes[row]!) ** 2, 0);
  return whole > 0 ? 1 - left / whole : 0;
}
