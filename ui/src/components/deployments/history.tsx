/** What was done to a deployment: by whom, when, why, and what the router decided by itself. */

import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { deploymentHistoryQuery } from "../../api/deployments";
import { deploymentEventText, doer } from "../../lib/deployments";
import { Card } from "../card";
import { Failure, SkeletonRows } from "../feedback";
import { Ago } from "../marks";

/** With `most` only so many of the newest, and a way to all of them. */
export function DeploymentHistory({ name, most }: { name: string; most?: number }) {
  const query = useInfiniteQuery(deploymentHistoryQuery(name));
  const events = query.data?.pages.flatMap((page) => page.events) ?? [];
  const shown = most === undefined ? events : events.slice(0, most);
  return (
    <Card title={most === undefined ? "History" : "Lately"}>
      {query.isError ? (
        <Failure what="The history could not be read." error={query.error} retry={() => void query.refetch()} />
      ) : query.isPending ? (
        <SkeletonRows rows={4} />
      ) : shown.length === 0 ? (
        <p className="muted pad">Nothing is recorded.</p>
      ) : (
        <ol className="rows history">
          {shown.map((event) => (
            <li key={event.seq}>
              <span className="history-what">
                <span className="strong">{doer(event.user)}</span> {deploymentEventText(event)}
                {event.reason && <span className="muted history-why">“{event.reason}”</span>}
                {event.detail && <span className="muted small history-why">{event.detail}</span>}
              </span>
              <span className="push muted">
                <Ago time={event.time} />
              </span>
            </li>
          ))}
        </ol>
      )}
      {most !== undefined && events.length > most && (
        <div className="card-more">
          <Link to="/deployments/$name" params={{ name }} search={{ tab: "history" }} className="button quiet">
            All of the history
          </Link>
        </div>
      )}
      {most === undefined && query.hasNextPage && (
        <div className="card-more">
          <button type="button" className="button quiet" disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            Show earlier ones
          </button>
        </div>
      )}
    </Card>
  );
}
