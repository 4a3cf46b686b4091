/** What the variants earn beside each other, by a test that may be looked at at any time. */

import type { Live } from "../../api/deployments";
import { verdictOf } from "../../lib/deployments";
import { formatNumber } from "../../lib/format";
import { Card } from "../card";

/** Nothing where nobody tells what answers were worth, and the traffic is divided as it was asked for. */
export function RewardsCard({ live }: { live: Live | undefined }) {
  if (!live?.reachable || (live.comparisons.length === 0 && !live.skewed)) return null;
  return (
    <Card title="Rewards">
      {live.skewed && (
        <p className="state warn wraps pad" role="status">
          The variants are not asked as often as their shares say. Look for what asks them by another way before you believe a comparison.
        </p>
      )}
      {live.comparisons.length > 0 && (
        <div className="scrolls" tabIndex={0} role="region" aria-label="Rewards of each variant">
          <table className="list compact traffic">
            <thead>
              <tr>
                <th scope="col">Variant</th>
                <th scope="col" className="num wide">
                  Difference
                </th>
                <th scope="col" className="num">
                  At least
                </th>
                <th scope="col" className="num">
                  At most
                </th>
                <th scope="col">So far</th>
              </tr>
            </thead>
            <tbody>
              {live.comparisons.map((one) => {
                const { word, tone } = verdictOf(one);
                return (
                  <tr key={`${one.base} ${one.variant}`}>
                    <th scope="row">
                      {one.variant} <span className="muted">beside {one.base}</span>
                    </th>
                    <td className="num wide">{signed(one.difference)}</td>
                    <td className="num">{signed(one.low)}</td>
                    <td className="num">{signed(one.high)}</td>
                    <td>
                      <span className={tone ? `state ${tone}` : "muted"}>{word}</span>
                    </td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      )}
    </Card>
  );
}

function signed(value: number | null): string {
  if (value === null) return "–";
  return `${value > 0 ? "+" : ""}${formatNumber(value)}`;
}
