/** What programs print: the colours of a terminal taken as tones, everything else that steers it left out. */

export interface Piece {
  text: string;
  tone: "" | "err" | "ok" | "warn" | "info" | "muted";
}

const TONES: Record<number, Piece["tone"]> = { 30: "muted", 31: "err", 32: "ok", 33: "warn", 34: "info", 35: "info", 36: "info" };
const SEQUENCE = /\u001b(?:\[([0-9;?]*)([A-Za-z])|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[()][A-Z0-9]|[=>78])/g;

/** A line as pieces of one tone each. Of a line that was overwritten by a carriage return, the last state is shown. */
export function pieces(line: string): Piece[] {
  const bare = line.replace(/\r+$/, "");
  const shown = bare.slice(bare.lastIndexOf("\r") + 1);
  if (!shown.includes("\u001b")) return [{ text: shown, tone: "" }];
  const found: Piece[] = [];
  let tone: Piece["tone"] = "";
  let from = 0;
  for (const match of shown.matchAll(SEQUENCE)) {
    if (match.index > from) found.push({ text: shown.slice(from, match.index), tone });
    from = match.index + match[0].length;
    if (match[2] === "m") tone = toneAfter(match[1] ?? "", tone);
  }
  if (from < shown.length) found.push({ text: shown.slice(from), tone });
  return found;
}

export function plainText(line: string): string {
  return pieces(line)
    .map((piece) => piece.text)
    .join("");
}

function toneAfter(codes: string, before: Piece["tone"]): Piece["tone"] {
  let tone = before;
  for (const code of codes.split(";").map(Number)) {
    if (code === 0 || code === 39) tone = "";
    else if (TONES[code] ?? TONES[code - 60]) tone = TONES[code] ?? TONES[code - 60]!;
  }
  return tone;
}
