/** Who gets the traffic and how well it is answered, now. */

import type { Live, LiveVariant } from "../../api/deployments";
import { latencyText, partText, rateText, shareText, versionText } from "../../lib/deployments";
import { formatAgo, formatDuration, formatNumber } from "../../lib/format";
import { counts } from "../../lib/livetraffic";
import { Card } from "../card";
import { Failure, SkeletonRows, useNow } from "../feedback";
import { Stroke } from "../marks";
import { partsOf, TrafficBar } from "./marks";
import type { Traffic } from "./uselive";

const ROLES: Record<string, string> = { current: "Current", candidate: "Candidate", shadow: "Shadow", other: "Other" };

/** Of so many errors the table warns. */
const MANY = 0.01;

export function TrafficCard({ traffic }: { traffic: Traffic }) {
  const { live, slots, error } = traffic;
  return (
    <Card title="Traffic" actions={live?.reachable ? <Counted live={live} /> : undefined}>
      {error !== null ? (
        <Failure what="What goes on in it could not be asked." error={error} />
      ) : !live ? (
        <SkeletonRows rows={2} />
      ) : !live.reachable ? (
        <p className="state warn wraps pad" role="status">
          Nobody answers there now{live.message ? `: ${live.message}` : "."}
        </p>
      ) : live.variants.length === 0 ? (
        <p className="muted pad">{live.message || "Nothing is served there."}</p>
      ) : (
        <>
          <TrafficBar parts={partsOf(live.variants, slots)} />
          <VariantTable variants={live.variants} slots={slots} />
          {!counts(live) && <p className="muted pad">{live.message || "This target does not count what is asked of it."}</p>}
        </>
      )}
    </Card>
  );
}

function Counted({ live }: { live: Live }) {
  const now = useNow(10_000);
  const { replicas, since, window } = live;
  const parts = [
    replicas && `${formatNumber(replicas.ready)} of ${formatNumber(replicas.wanted)} ready`,
    counts(live) && `rates of the last ${window <= 120 ? `${formatNumber(window)} s` : formatDuration(window * 1000)}`,
    since > 0 && `counts began ${formatAgo(since, now)}`,
  ].filter(Boolean);
  const short = replicas !== null && replicas.ready < replicas.wanted;
  return <span className={short ? "state warn wraps small" : "muted small"}>{parts.join(" · ")}</span>;
}

function VariantTable({ variants, slots }: { variants: readonly LiveVariant[]; slots: ReadonlyMap<string, number> }) {
  const shadowed = variants.some((item) => item.agreement !== null);
  return (
    <div className="scrolls">
      <table className="list compact traffic">
        <thead>
          <tr>
            <th scope="col">Variant</th>
            <th scope="col" className="wide">
              Role
            </th>
            <th scope="col" className="num">
              Share
            </th>
            <th scope="col" className="num">
              <abbr title="Requests in a second">Req/s</abbr>
            </th>
            <th scope="col" className="num">
              Errors
            </th>
            <th scope="col" className="num roomy">
              50 % within
            </th>
            <th scope="col" className="num">
              95 %<span className="wide-text"> within</span>
            </th>
            <th scope="col" className="num wide">
              99 % within
            </th>
            {shadowed && (
              <th scope="col" className="num wide">
                Agrees
              </th>
            )}
            <th scope="col" className="num wide">
              Requests
            </th>
            <th scope="col" className="num roomy">
              Failed
            </th>
          </tr>
        </thead>
        <tbody>
          {variants.map((item) => (
            <tr key={item.variant}>
              <th scope="row">
                <span className="variant">
                  <Stroke slot={slots.get(item.variant) ?? -1} />
                  <span className="ellipsis" title={`${item.variant}: ${item.model} ${versionText(item.version)}`}>
                    {item.variant}
                  </span>
                </span>
              </th>
              <td className="wide">{ROLES[item.role] ?? item.role}</td>
              <td className="num">{item.role === "shadow" ? <span className="muted">copies</span> : shareText(item.weight)}</td>
              <td className="num">{rateText(item.rate)}</td>
              <td className="num">
                <span className={(item.error_rate ?? 0) >= MANY ? "state err" : ""}>{partText(item.error_rate)}</span>
              </td>
              <td className="num roomy">{latencyText(item.p50)}</td>
              <td className="num">{latencyText(item.p95)}</td>
              <td className="num wide">{latencyText(item.p99)}</td>
              {shadowed && <td className="num wide">{partText(item.agreement)}</td>}
              <td className="num wide">{formatNumber(item.requests)}</td>
              <td className="num roomy">{formatNumber(item.errors)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
