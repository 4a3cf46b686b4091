/** Two texts, one against the other: what is only in the first, and what only in the second. */

import { useEffect, useState } from "react";
import { SkeletonRows } from "../feedback";

interface Line {
  kind: "same" | "out" | "in" | "gap";
  text: string;
  left?: number;
  right?: number;
}

/** Lines around a change that are shown with it. */
const CONTEXT = 3;
/** Longer texts are not compared here: it would take seconds. */
const MOST = 2_000_000;

export function TextDiff({ left, right, label }: { left: string; right: string; label: string }) {
  const [lines, setLines] = useState<{ left: string; right: string; lines: Line[] | null } | null>(null);
  const tooLong = left.length + right.length > MOST;
  useEffect(() => {
    if (tooLong) return;
    let current = true;
    void import("diff").then(({ diffLines }) => {
      const parts = diffLines(left, right, { timeout: 2000 });
      if (current) setLines({ left, right, lines: parts ? folded(numbered(parts)) : null });
    });
    return () => {
      current = false;
    };
  }, [left, right, tooLong]);

  if (tooLong) return <p className="muted pad">The two are too long to be compared here. Download both and compare them with git diff --no-index.</p>;
  if (left === right) return <p className="muted pad">The two are the same.</p>;
  if (lines?.left !== left || lines.right !== right) return <SkeletonRows rows={6} height={20} />;
  if (lines.lines === null) return <p className="muted pad">The two differ nearly everywhere.</p>;
  return (
    <div className="text-diff" tabIndex={0} role="region" aria-label={label}>
      <table>
        <tbody>
          {lines.lines.map((line, index) => (
            <tr key={index} className={`diff-${line.kind}`}>
              <td className="diff-number">{line.left ?? ""}</td>
              <td className="diff-number">{line.right ?? ""}</td>
              <td className="diff-sign">
                {line.kind === "in" ? "+" : line.kind === "out" ? "−" : ""}
              </td>
              <td className="diff-text">{line.kind === "gap" ? "⋯" : line.text}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function numbered(parts: readonly { value: string; added: boolean; removed: boolean }[]): Line[] {
  const lines: Line[] = [];
  let left = 1;
  let right = 1;
  for (const part of parts) {
    for (const text of part.value.replace(/\n$/, "").split("\n")) {
      if (part.added) lines.push({ kind: "in", text, right: right++ });
      else if (part.removed) lines.push({ kind: "out", text, left: left++ });
      else lines.push({ kind: "same", text, left: left++, right: right++ });
    }
  }
  return lines;
}

/** Without the lines that are far from any change. */
function folded(lines: readonly Line[]): Line[] {
  const near = new Uint8Array(lines.length);
  lines.forEach((line, index) => {
    if (line.kind !== "same") near.fill(1, Math.max(0, index - CONTEXT), index + CONTEXT + 1);
  });
  const found: Line[] = [];
  lines.forEach((line, index) => {
    if (near[index]) found.push(line);
    else if (found.at(-1)?.kind !== "gap") found.push({ kind: "gap", text: "" });
  });
  return found;
}
