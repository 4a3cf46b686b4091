/** A patch as it stands, coloured by line. */

export function PatchView({ text, label }: { text: string; label: string }) {
  return (
    <pre className="patch" tabIndex={0} role="region" aria-label={label}>
      {text
        .replace(/\n$/, "")
        .split("\n")
        .map((line, index) => (
          <span key={index} className={classOf(line)}>
            {line}
            {"\n"}
          </span>
        ))}
    </pre>
  );
}

function classOf(line: string): string | undefined {
  if (/^(\+\+\+|---|diff |index |new file|deleted file)/.test(line)) return "muted";
  if (line.startsWith("+")) return "diff-in";
  if (line.startsWith("-")) return "diff-out";
  return line.startsWith("@@") ? "patch-place" : undefined;
}
