/** Ranges that somebody chose on the axes of a chart, as a condition of the search grammar. */

import { quote } from "./grammar";
import { fieldTerm, partsOf } from "./panels";

/** What is chosen of one field: between two numbers, either of which may be open, or some of its texts. */
export type Choice =
  | { readonly field: string; readonly from: number | null; readonly to: number | null }
  | { readonly field: string; readonly texts: readonly string[] };

/** "" where nothing is chosen. */
export function conditionOf(choices: readonly Choice[]): string {
  return choices.flatMap(terms).join(" AND ");
}

function terms(choice: Choice): string[] {
  const term = fieldTerm(choice.field);
  if (!("texts" in choice)) {
    const { from, to } = choice;
    const span = to !== null && from !== null ? Math.abs(to - from) : 0;
    return [
      ...(from === null ? [] : [`${term} >= ${rounded(from, span, Math.floor)}`]),
      ...(to === null ? [] : [`${term} <= ${rounded(to, span, Math.ceil)}`]),
    ];
  }
  if (choice.texts.length === 0) return [];
  if (partsOf(choice.field)?.scope === "metrics" || choice.texts.length === 1) return [`${term} = ${quote(choice.texts[0]!)}`];
  return [`${term} IN (${choice.texts.map(quote).join(", ")})`];
}

/** A number with as many digits as tell it from the other end of its range, rounded so that nothing chosen is lost. */
function rounded(value: number, span: number, round: (value: number) => number): string {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const size = span > 0 ? Math.min(span, Math.abs(value)) : Math.abs(value);
  const unit = 10 ** (Math.floor(Math.log10(size)) - 2);
  return String(Number((round(value / unit + (round === Math.floor ? 1e-9 : -1e-9)) * unit).toPrecision(12)));
}
