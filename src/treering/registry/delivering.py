"""Empties the outbox of webhooks: at least once, in order for each webhook, with growing pauses after failures.

Whoever delivers to a webhook holds its lease, so that of several workers and servers on one
database one does. Who dies while he holds it is succeeded when it has run out; the message
that he was sending is sent again, under the same id.

    waiting -> lease -> first -> send -> settle -> (next) ... -> release
"""

from __future__ import annotations

import secrets as randomness
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

from treering.core.clock import now
from treering.core.errors import InvalidInput, NotFound, TreeringError
from treering.core.log import logger
from treering.entities.webhook import DeliveryReport, MessageState, WebhookMessage, WebhookReply
from treering.registry.addresses import Addresses
from treering.registry.messages import signed_headers
from treering.registry.seals import Secrets
from treering.registry.sending import send
from treering.storage.metadata.base import WebhookStore
from treering.storage.metadata.governing import OutboxStore

__all__ = ["Deliverer", "Terms"]

_AT_ONCE = 8
_AFTER_ERROR = 10
_FAREWELL = 5.0
_FIRST_PAUSE = 1000
_LONGEST_PAUSE = 3_600_000
_KEPT = 30 * 24 * 3_600_000
_PURGE_EVERY = 3_600_000
_LONGEST_ERROR = 1000
_FIRST_REDIRECT, _FIRST_FAILURE, _FIRST_OF_SERVER = 300, 400, 500
# The others below 500 say that the message is not wanted as it is, and it does not get better.
_TEMPORARY = {408, 425, 429}


@dataclass(frozen=True, slots=True)
class Terms:
    """How messages are sent.

    Attributes:
        retries: How often one is sent again before it is given up.
        seconds: How long one attempt may take.
        margin: How many seconds longer than an attempt a lease lasts.
    """

    retries: int = 9
    seconds: float = 30.0
    margin: float = 30.0


class Deliverer:
    """Sends what waits. To be used by one thread; it sends to several webhooks at a time."""

    def __init__(
        self,
        webhooks: WebhookStore,
        outbox: OutboxStore,
        addresses: Addresses,
        secrets: Secrets | None = None,
        terms: Terms | None = None,
    ) -> None:
        self._webhooks = webhooks
        self._outbox = outbox
        self._addresses = addresses
        self._secrets = secrets or Secrets()
        self._terms = terms or Terms()
        self._holder = str(uuid.uuid4())
        self._taken: set[str] = set()
        self._queue: deque[str] = deque()
        self._threads: list[threading.Thread] = []
        self._purged = 0

    def deliver(self) -> DeliveryReport:
        """Send all that is due now, and what comes due behind it."""
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="treering-webhook") as pool:
            return _sum(pool.map(self._empty, self._outbox.waiting(now())))

    def keep(self, stop: threading.Event, period: float = 1.0) -> None:
        """Send what comes due until `stop` is set; a slow receiver keeps no other one waiting.

        What is being sent then is given a few seconds.
        """
        while not stop.wait(period):
            if not _done(partial(self._begin, stop), "Messages to webhooks wait"):
                stop.wait(_AFTER_ERROR * period)
        deadline = time.monotonic() + _FAREWELL
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _begin(self, stop: threading.Event) -> None:
        current = now()
        if current - self._purged > _PURGE_EVERY:
            self._outbox.purge(current - _KEPT)
            self._purged = current
        for webhook_id in self._outbox.waiting(current):
            if webhook_id not in self._taken:
                self._taken.add(webhook_id)
                self._queue.append(webhook_id)
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        for _ in range(min(_AT_ONCE - len(self._threads), len(self._queue))):
            # Not a pool's thread: the end of the process would wait for it as long as the receiver likes.
            thread = threading.Thread(target=self._work, args=(stop.is_set,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _work(self, ended: Callable[[], bool]) -> None:
        """Serve one webhook after another, until none is left."""
        while not ended():
            try:
                webhook_id = self._queue.popleft()
            except IndexError:
                return
            _done(partial(self._empty, webhook_id, ended), f"Messages to the webhook {webhook_id} wait")
            self._taken.discard(webhook_id)

    def _empty(self, webhook_id: str, ended: Callable[[], bool] = lambda: False) -> DeliveryReport:
        """Send the messages of one webhook, as long as they are due."""
        delivered = failed = dead = 0
        try:
            while not ended() and self._lease(webhook_id):
                message = self._outbox.first(webhook_id)
                if message is None or message.due > now():
                    break
                settled = self._attempt(message)
                self._outbox.settle(settled)
                delivered += settled.state is MessageState.DELIVERED
                dead += settled.state is MessageState.DEAD
                if settled.state is MessageState.PENDING:
                    failed += 1
                    break
        finally:
            self._outbox.release(webhook_id, self._holder)
        return DeliveryReport(delivered, failed, dead)

    def _lease(self, webhook_id: str) -> bool:
        current = now()
        until = current + round(1000 * (self._terms.seconds + self._terms.margin))
        return self._outbox.lease(webhook_id, self._holder, current, until)

    def _attempt(self, message: WebhookMessage) -> WebhookMessage:
        """Send a message once; as it is to be kept then."""
        reply, final = self._sent(message)
        # Redirects are not followed, so that nobody took a message that was answered with one.
        arrived = reply.success and (reply.response_status or 0) < _FIRST_REDIRECT
        tried = replace(
            message,
            attempts=message.attempts + 1,
            response_status=reply.response_status or 0,
            error="" if arrived else _reason(reply),
        )
        if arrived:
            return replace(tried, state=MessageState.DELIVERED, finished=now())
        if final or tried.attempts > self._terms.retries:
            logger.warning("The message %s to a webhook is given up: %s", message.message_id, tried.error)
            return replace(tried, state=MessageState.DEAD, finished=now())
        return replace(tried, due=now() + _pause(tried.attempts))

    def _sent(self, message: WebhookMessage) -> tuple[WebhookReply, bool]:
        """What came back, and whether trying again is of no use."""
        try:
            webhook = self._webhooks.get(message.webhook_id)
            secret = self._secrets.secret(self._webhooks.secret(message.webhook_id))
            # Looked at in each attempt: a name may lead elsewhere by now.
            target = self._addresses.target(webhook.url)
        except (InvalidInput, NotFound) as error:
            return WebhookReply(False, error=error.message), True
        except TreeringError as error:
            return WebhookReply(False, error=error.message), False
        body = message.body.encode()
        reply = send(target, body, signed_headers(body, secret, message.message_id), self._terms.seconds)
        status = reply.response_status or 0
        return reply, _FIRST_FAILURE <= status < _FIRST_OF_SERVER and status not in _TEMPORARY


def _done(work: Callable[[], object], otherwise: str) -> bool:
    """Whether the work was done; else the log says why not, and whoever works goes on with the next."""
    try:
        work()
    except TreeringError as error:
        logger.warning("%s: %s", otherwise, error.message)
        return False
    except Exception:  # noqa: BLE001 - the border of a worker
        logger.exception("%s, through a fault of Treering's own.", otherwise)
        return False
    return True


def _sum(reports: Iterable[DeliveryReport]) -> DeliveryReport:
    delivered = failed = dead = 0
    for report in reports:
        delivered, failed, dead = delivered + report.delivered, failed + report.failed, dead + report.dead
    return DeliveryReport(delivered, failed, dead)


def _reason(reply: WebhookReply) -> str:
    # What the receiver said is not kept: it may be a page of some other machine.
    text = reply.error or f"The receiver answered with status {reply.response_status}."
    if reply.success:
        text += " Redirects are not followed: give the webhook the address that it leads to."
    return text[:_LONGEST_ERROR]


def _pause(attempts: int) -> int:
    """Milliseconds: doubled with each attempt, and a random part of it less, so that not all come back at once."""
    longest = min(_LONGEST_PAUSE, _FIRST_PAUSE << min(attempts - 1, 30))
    return longest // 2 + randomness.randbelow(longest // 2 + 1)
