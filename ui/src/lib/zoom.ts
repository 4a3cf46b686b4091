/** Ranges of a chart's horizontal axis: nearer, further, to the side. */

export type Range = readonly [number, number];

/** A range `factor` times as wide, with `about` where it was. */
export function scaled(range: Range, factor: number, about: number, log = false): Range {
  return within(range, log, ([low, high], at) => [at(about) - (at(about) - low) * factor, at(about) + (high - at(about)) * factor]);
}

/** A range moved to the side by a share of its width. */
export function moved(range: Range, share: number, log = false): Range {
  return within(range, log, ([low, high]) => [low + (high - low) * share, high + (high - low) * share]);
}

/** Null where a range shows all that there is, or is no range. */
export function limited(range: Range, whole: Range | null): Range | null {
  if (!(range[0] < range[1])) return null;
  return whole && range[0] <= whole[0] && range[1] >= whole[1] ? null : range;
}

/** Where labels of a logarithmic axis stand: at 1, 2 and 5 of each power of ten, or at the powers where those are many. */
export function logSplits(low: number, high: number): number[] {
  if (!(low > 0) || !(high > low)) return [];
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const each = last - first > 3 ? [1] : [1, 2, 5];
  const every = Math.ceil((last - first) / 8);
  const found: number[] = [];
  for (let power = first; power <= last; power++) {
    if (each.length === 1 && (power - first) % every !== 0) continue;
    for (const digit of each) found.push(Number(`${digit}e${power}`));
  }
  const shown = found.filter((value) => value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9));
  return shown.length > 1 ? shown : [low, high];
}

function within(range: Range, log: boolean, change: (range: Range, at: (value: number) => number) => Range): Range {
  if (!log) return change(range, (value) => value);
  const [low, high] = change([Math.log(range[0]), Math.log(range[1])], Math.log);
  return [Math.exp(low), Math.exp(high)];
}
