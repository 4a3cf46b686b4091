/** How well a name answers to what was typed. */

/** 0 where it does not; the beginning of the name weighs most, then that of a word, then any place, then letters in order. */
export function score(text: string, name: string): number {
  const wanted = text.trim().toLowerCase();
  const given = name.toLowerCase();
  if (!wanted) return 1;
  if (given === wanted) return 6;
  const at = given.indexOf(wanted);
  if (at === 0) return 5;
  if (at > 0) return /[\s/_.:-]/.test(given[at - 1]!) ? 4 : 3;
  const words = wanted.split(/\s+/);
  if (words.length > 1 && words.every((word) => given.includes(word))) return 2.5;
  return wanted.length > 2 && inOrder(wanted.replaceAll(" ", ""), given) ? 1 : 0;
}

/** The best of `items`, best first; equally good ones keep their order. */
export function best<T>(text: string, items: readonly T[], name: (item: T) => string, most: number): T[] {
  return items
    .map((item) => ({ item, points: score(text, name(item)) }))
    .filter(({ points }) => points > 0)
    .sort((a, b) => b.points - a.points)
    .slice(0, most)
    .map(({ item }) => item);
}

function inOrder(letters: string, name: string): boolean {
  let at = -1;
  for (const letter of letters) {
    at = name.indexOf(letter, at + 1);
    if (at < 0) return false;
  }
  return true;
}
