/** What happened in the registry: who did what, when and why. */

import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { historyQuery } from "../../api/governance";
import { eventText } from "../../lib/governance";
import { Card } from "../card";
import { Failure, SkeletonRows } from "../feedback";
import { Ago } from "../marks";

interface Props {
  /** A model, or "" for all of them. */
  name: string;
  /** One version of it; 0 for the model with all. */
  version?: number;
}

export function HistoryCard({ name, version = 0 }: Props) {
  const query = useInfiniteQuery(historyQuery(name, version));
  const events = query.data?.pages.flatMap((page) => page.events) ?? [];
  return (
    <Card title="History">
      {query.isError ? (
        <Failure what="The history could not be read." error={query.error} retry={() => void query.refetch()} />
      ) : query.isPending ? (
        <SkeletonRows rows={4} />
      ) : events.length === 0 ? (
        <p className="muted pad">No change is recorded. The history begins with this version of Treering.</p>
      ) : (
        <ol className="rows history">
          {events.map((event) => (
            <li key={event.seq}>
              <span className="history-what">
                <span className="strong">{event.user || "somebody"}</span> {eventText(event)}
                {name === "" && event.name && (
                  <>
                    {" · "}
                    <Link to="/models/$name" params={{ name: event.name }} className="link">
                      {event.name}
                    </Link>
                  </>
                )}
                {event.reason && <span className="muted history-why">“{event.reason}”</span>}
              </span>
              <span className="push muted">
                <Ago time={event.time} />
              </span>
            </li>
          ))}
        </ol>
      )}
      {query.hasNextPage && (
        <div className="card-more">
          <button type="button" className="button quiet" disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            Show earlier ones
          </button>
        </div>
      )}
    </Card>
  );
}
