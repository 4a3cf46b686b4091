/** What could stand at the cursor in a filter: a field, a comparison, a value, or what joins conditions. */

import { type Token, tokens } from "./grammar";

export interface Gap {
  expects: "field" | "comparison" | "value" | "joint";
  /** What stands there already, up to the cursor. */
  typed: string;
  /** What a choice replaces. */
  start: number;
  end: number;
  /** The field that is compared, as it is written; "" before there is one. */
  field: string;
  /** Whether the values stand in a list, after IN. */
  list: boolean;
}

const COMPARISONS = ["<=", ">=", "!=", "=", "<", ">"];
const TEXT_COMPARISONS = ["=", "!=", "LIKE", "ILIKE", "IN", "NOT IN", "IS NULL", "IS NOT NULL"];
const NUMBER_COMPARISONS = ["<", "<=", ">", ">=", "=", "!=", "IS NULL", "IS NOT NULL"];

/** What could stand at `cursor`. */
export function gapAt(filter: string, cursor: number): Gap {
  const words = pieces(filter);
  const inside = words.find((word) => word.start < cursor && cursor <= word.end);
  const before = words.filter((word) => word.end < cursor || (word.end <= cursor && word !== inside));
  const { state, field, list } = stateAfter(before);
  const gap = (expects: Gap["expects"]): Gap => ({
    expects,
    typed: inside ? inside.text.slice(0, cursor - inside.start) : "",
    start: inside?.start ?? cursor,
    end: inside?.end ?? cursor,
    field,
    list,
  });
  if (inside && isMark(inside.text)) {
    const after = stateAfter([...before, inside]);
    if (inside.text === "(" || inside.text === ")" || inside.text === "," || state === "comparison") {
      return { expects: after.state, typed: "", start: cursor, end: cursor, field: after.field, list: after.list };
    }
  }
  return gap(state);
}

/** The comparisons that fit a field, of which those that begin with `typed`. */
export function comparisonsOf(numeric: boolean, typed: string): string[] {
  const fitting = numeric ? NUMBER_COMPARISONS : TEXT_COMPARISONS;
  return fitting.filter((word) => word.toLowerCase().startsWith(typed.toLowerCase()));
}

/** The filter with a choice at its gap, and where the cursor stands then. */
export function filled(filter: string, gap: Gap, choice: string): { text: string; cursor: number } {
  const head = filter.slice(0, gap.start);
  const tail = filter.slice(gap.end);
  const blankBefore = head !== "" && !/[\s(]$/.test(head) ? " " : "";
  const opened = gap.expects === "comparison" && /IN$/i.test(choice) ? " (" : "";
  const blankAfter = opened || /^\s/.test(tail) ? "" : gap.list && gap.expects === "value" ? "" : " ";
  const text = `${head}${blankBefore}${choice}${opened}${blankAfter}`;
  return { text: text + tail, cursor: text.length };
}

/** What a value stands for without its quotes. */
export function bare(typed: string): string {
  return typed.replace(/^['"]|['"]$/g, "");
}

interface Piece {
  text: string;
  start: number;
  end: number;
}

/** Words without blanks between: a field with its dots is one, a comparison is one. */
function pieces(filter: string): Piece[] {
  const found: Piece[] = [];
  let open: Token[] = [];
  const close = () => {
    const [first] = open;
    const last = open.at(-1);
    if (first && last) {
      const end = last.start + last.text.length;
      found.push({ text: filter.slice(first.start, end), start: first.start, end });
    }
    open = [];
  };
  for (const token of tokens(filter)) {
    const sort = sortOf(token);
    const previous = open.at(-1);
    if (sort === "blank") close();
    else {
      if (previous && (sortOf(previous) !== sort || sort === "bracket")) close();
      open.push(token);
    }
  }
  close();
  return found;
}

function sortOf(token: Token): "blank" | "bracket" | "mark" | "name" {
  if (token.kind === "space") return "blank";
  if (/^[(),]$/.test(token.text)) return "bracket";
  if (token.kind === "sign" && /^[<>=!~]$/.test(token.text)) return "mark";
  return "name";
}

function isMark(text: string): boolean {
  return /^[(),]$/.test(text) || COMPARISONS.includes(text);
}

type State = { state: Gap["expects"]; field: string; list: boolean };

function stateAfter(words: readonly Piece[]): State {
  let now: State = { state: "field", field: "", list: false };
  for (const { text } of words) now = after(now, text, text.toLowerCase());
  return now;
}

function after(now: State, text: string, word: string): State {
  if (now.list) {
    if (text === ")") return { state: "joint", field: "", list: false };
    return { ...now, state: "value" };
  }
  switch (now.state) {
    case "field":
      if (word === "not" || text === "(") return now;
      return { state: "comparison", field: text, list: false };
    case "comparison":
      if (["is", "not", "as", "number"].includes(word)) return now;
      if (word === "null") return { state: "joint", field: "", list: false };
      return { ...now, state: "value" };
    case "value":
      if (text === "(" && now.field !== "") return { ...now, list: true };
      return { state: "joint", field: "", list: false };
    case "joint":
      if (word === "and" || word === "or") return { state: "field", field: "", list: false };
      return now;
  }
}
