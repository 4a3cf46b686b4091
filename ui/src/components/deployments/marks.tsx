/** Small marks of deployments: their state, a release with its page, a share of the traffic, a release's stroke. */

import { Link } from "@tanstack/react-router";
import type { Release, LiveVariant } from "../../api/deployments";
import { releaseText, shareText, stateOf, versionAddress, versionText } from "../../lib/deployments";
import { colourVariable } from "../../lib/palette";
import { Icon } from "../icons";

export function DeploymentState({ state }: { state: string }) {
  const { word, tone, icon } = stateOf(state);
  return (
    <span className={`state ${tone}`}>
      <Icon name={icon} size={14} />
      {word}
    </span>
  );
}

type Named = Pick<Release, "source" | "model" | "version" | "registered">;

/** A release by its name, which leads to its page where it has one; `short` is the version alone. */
export function ReleaseLink({ release, short = false }: { release: Named; short?: boolean }) {
  const text = short && release.version ? versionText(release.version) : releaseText(release);
  if (!versionAddress(release)) return <span title={release.source}>{text}</span>;
  return (
    <Link to="/models/$name/versions/$version" params={{ name: release.model, version: release.version }} className="link">
      {text}
    </Link>
  );
}

export interface Part {
  readonly name: string;
  readonly weight: number;
  readonly slot: number;
}

/** Who gets how much of the traffic: what a shadow is shown is not answered by it, so it has no part. */
export function partsOf(variants: readonly LiveVariant[], slots: ReadonlyMap<string, number>): Part[] {
  return variants
    .filter((item) => item.role !== "shadow" && item.weight > 0)
    .map((item) => ({ name: item.variant, weight: item.weight, slot: slots.get(item.variant) ?? 0 }));
}

/** All of the traffic as a bar in the colours of the variants. */
export function TrafficBar({ parts }: { parts: readonly Part[] }) {
  const text = parts.map((part) => `${part.name} ${shareText(part.weight)}`).join(", ");
  return (
    <div className="traffic-bar" role="img" aria-label={`Traffic: ${text || "none"}`}>
      {parts.map((part) => (
        <span key={part.name} style={{ flexGrow: part.weight, background: `var(${colourVariable(part.slot)})` }} />
      ))}
    </div>
  );
}
