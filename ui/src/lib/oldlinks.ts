/** Links that MLflow clients print, such as `/#/experiments/1/runs/<id>`, lead to the page that shows the same. */

export function addressOf(hash: string): string {
  const parts = hash.replace(/^#\/?/, "").split("?")[0]!.split("/").filter(Boolean);
  if (!hash.startsWith("#/") || parts.length === 0) return "";
  const [kind, id, inner, innerId] = parts;
  if (kind === "experiments" && inner === "runs" && innerId) return `/runs/${innerId}`;
  if (kind === "experiments") return id ? `/experiments/${id}` : "/experiments";
  if (kind === "models") return id ? `/models/${id}` : "/models";
  return "";
}
