/** Which tags a user has given, and which the programs themselves keep. */

const RESERVED = ["mlflow.", "treering."];
const SOURCE = /^(mlflow\.(source|project|docker)|treering\.(environment\.|capture$))/;

/** Whether a tag is kept by MLflow or Treering rather than given by a user. */
export function isReserved(key: string): boolean {
  return RESERVED.some((prefix) => key.startsWith(prefix));
}

/** Reserved tags that say what a run ran, as [name without its prefix, value]. */
export function sourceTags(tags: Record<string, string>): [string, string][] {
  return Object.entries(tags)
    .filter(([key]) => SOURCE.test(key))
    .map(([key, value]) => [key.slice(key.indexOf(".") + 1), value]);
}
