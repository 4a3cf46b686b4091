/** What a webhook was sent and what waits for it: how it went, why it did not, and a button to send it again. */

import { useInfiniteQuery } from "@tanstack/react-query";
import { deliveriesQuery, redeliver, type Webhook, type WebhookMessage } from "../../api/server";
import { useQuietEdit } from "../../lib/edits";
import { formatCount, formatTime } from "../../lib/format";
import { CopyId } from "../copy";
import { Dialog } from "../dialog";
import { Failure, SkeletonRows } from "../feedback";
import { Icon, type IconName } from "../icons";
import { Ago } from "../marks";

const STATES: Record<WebhookMessage["state"], { word: string; tone: string; icon: IconName }> = {
  PENDING: { word: "Waits", tone: "info", icon: "clock" },
  DELIVERED: { word: "Delivered", tone: "ok", icon: "check" },
  DEAD: { word: "Given up", tone: "err", icon: "cross" },
};

export function Deliveries({ webhook, close }: { webhook: Webhook; close: () => void }) {
  const query = useInfiniteQuery(deliveriesQuery(webhook.webhook_id));
  const messages = query.data?.pages.flatMap((page) => page.messages) ?? [];
  const quietly = useQuietEdit();
  const again = (message: WebhookMessage) =>
    quietly({
      said: `${message.event} is sent to ${webhook.name} again.`,
      act: () => redeliver(message.message_id),
      touches: [["deliveries", webhook.webhook_id]],
    });
  return (
    <Dialog title={`Deliveries to ${webhook.name}`} close={close} wide>
      {webhook.status === "DISABLED" && <p className="muted">It is off: what waits is sent when it is on again.</p>}
      {query.isError && messages.length === 0 ? (
        <Failure what="The deliveries could not be listed." error={query.error} retry={() => void query.refetch()} />
      ) : query.isPending ? (
        <SkeletonRows rows={4} />
      ) : messages.length === 0 ? (
        <p className="muted">Nothing was sent yet, and nothing waits. What was delivered is listed for 30 days.</p>
      ) : (
        <ul className="deliveries">
          {messages.map((message) => (
            <Delivery key={message.message_id} message={message} again={() => again(message)} />
          ))}
        </ul>
      )}
      {query.hasNextPage && (
        <button type="button" className="button quiet" disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          Show earlier ones
        </button>
      )}
    </Dialog>
  );
}

function Delivery({ message, again }: { message: WebhookMessage; again: () => void }) {
  const { word, tone, icon } = STATES[message.state];
  const tries = message.attempts ?? 0;
  const button = message.state === "PENDING" ? "Send now" : "Send again";
  return (
    <li>
      <span className={`state ${tone}`}>
        <Icon name={icon} size={14} />
        {word}
      </span>
      <div className="grow">
        <code>{message.event}</code>
        <div className="muted small">
          <Ago time={message.created} /> · {tries === 0 ? "not sent yet" : formatCount(tries, "try", "tries")}
          {Boolean(message.response_status) && <> · answer {message.response_status}</>}
          {message.state === "PENDING" && tries > 0 && <> · next {formatTime(message.due ?? 0)}</>}
          {message.state !== "PENDING" && <> · ended {formatTime(message.finished ?? 0)}</>}
        </div>
        {message.error && <div className="delivery-error">{message.error}</div>}
      </div>
      <CopyId id={message.message_id} what="the delivery's id" />
      <button type="button" className="button" aria-label={`${button}: ${message.event}`} onClick={again}>
        {button}
      </button>
    </li>
  );
}
