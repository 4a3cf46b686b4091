/** Files that were logged step by step: `images/<key>+step+<n>+timestamp+<ms>+<id>.png`, as MLflow and Treering name them. */

export interface StepFile {
  path: string;
  key: string;
  step: number;
  timestamp: number;
}

// Older releases of MLflow put a per cent sign where newer ones put a plus.
const NAME = /^(?<key>.+)[+%]step[+%](?<step>\d+)[+%]timestamp[+%](?<at>\d+)[+%](?<id>[\w-]+?)(?<small>[+%]compressed)?\.(?<ending>\w+)$/;

export function stepFile(path: string): (StepFile & { small: boolean }) | null {
  const found = NAME.exec(path.slice(path.lastIndexOf("/") + 1))?.groups;
  if (!found) return null;
  return {
    path,
    key: found.key!.replace(/[~#]/g, "/"),
    step: Number(found.step),
    timestamp: Number(found.at),
    small: found.small !== undefined,
  };
}

/** Series by key, each by step; the small copies of pictures are left out, and what is of no series stands apart. */
export function stepSeries(paths: readonly string[]): { series: Map<string, StepFile[]>; rest: string[] } {
  const series = new Map<string, StepFile[]>();
  const rest: string[] = [];
  for (const path of paths) {
    const found = stepFile(path);
    if (!found) rest.push(path);
    else if (!found.small) series.set(found.key, [...(series.get(found.key) ?? []), found]);
  }
  for (const files of series.values()) files.sort((a, b) => a.step - b.step || a.timestamp - b.timestamp);
  return { series: new Map([...series].sort(([a], [b]) => a.localeCompare(b))), rest };
}
