"""A worker: opens a host, answers what the front hands it, and ends when the front does.

Started with the number of its end of a socket pair, and the number of a pipe that the front keeps open while it lives.
"""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Any

from treering.core.errors import TreeringError
from treering.core.log import logger, show_log
from treering.serving.hosting import HOSTS, Answer, Host, Offer, Route
from treering.serving.workers import frames
from treering.serving.workers.asking import ask
from treering.serving.workers.frames import Ask, Change, Failure, Reader, Start, pack

__all__ = ["main"]

_BUFFER = 4 << 20
_FAILED = 1


def main(arguments: Sequence[str]) -> int:
    """Work until the front ends; the status of the process."""
    # Ctrl-C goes to all processes of a terminal; what it means is the front's to say.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    link = socket.socket(fileno=int(arguments[0]))
    link.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
    threading.Thread(target=_follow, args=(int(arguments[1]),), name="treering-follow", daemon=True).start()
    show_log(arguments[2])
    reader = Reader(link)
    first = reader.frame()
    if first is None:
        return 0
    host = _open(link, first[1])
    if host is None:
        return _FAILED
    _Worker(link, reader, host).run()
    return 0


def _open(link: socket.socket, start: Start) -> Host | None:
    try:
        host = HOSTS.load(start.kind)(start.what)
        for order in start.orders:
            host.change(order)
    except TreeringError as error:
        link.sendall(pack(frames.FAILED, Failure(error.error_code, error.message, error.status)))
        return None
    except Exception as error:  # noqa: BLE001 -- the border of a worker
        traceback.print_exc()
        said = f"What is to be served cannot be opened: {type(error).__name__}: {error}"
        link.sendall(pack(frames.FAILED, Failure(TreeringError.code, said, TreeringError.status)))
        return None
    return host


class _Worker:
    """Reads orders in its main thread, and answers there too unless the host says that it answers several at once."""

    def __init__(self, link: socket.socket, reader: Reader, host: Host) -> None:
        self._link = link
        self._reader = reader
        self._host = host
        self._sending = threading.Lock()
        self._routes: dict[str, Route] = {}
        self._alone: ThreadPoolExecutor | None = None
        self._one: ThreadPoolExecutor | None = None

    def run(self) -> None:
        offer = self._host.offer()
        self._take(offer)
        # What is loaded stays: looking through it again and again would hold up requests.
        gc.collect()
        gc.freeze()
        self._send(frames.HELLO, offer)
        tunnel = None
        if offer.tunnel and (application := self._host.application()) is not None:
            tunnel = import_module("treering.serving.workers.tunnel").Tunnel(application, self._send)
        if tunnel is not None or self._alone is not None:
            self._one = ThreadPoolExecutor(1, thread_name_prefix="answer")
        try:
            while (got := self._reader.frame()) is not None:
                self._do(*got, tunnel)
        except OSError:
            logger.debug("The front has gone.")
        finally:
            if tunnel is not None:
                tunnel.close()
            for pool in (self._alone, self._one):
                if pool is not None:
                    pool.shutdown(wait=True, cancel_futures=True)
            self._host.close()

    def _do(self, kind: int, body: Any, tunnel: Any) -> None:
        if kind == frames.ASK:
            self._ask(body)
        elif kind == frames.EVENT and tunnel is not None:
            tunnel.take(body)
        elif kind == frames.CHANGE:
            threading.Thread(target=self._change, args=(body,), name="treering-change", daemon=True).start()

    def _take(self, offer: Offer) -> None:
        self._routes = {route.path: route for route in offer.routes}
        threads = sum(policy.at_once for policy in offer.lanes.values() if policy.at_once > 1)
        if threads and self._alone is None:
            self._alone = ThreadPoolExecutor(threads, thread_name_prefix="answer-alone")

    def _ask(self, group: Ask) -> None:
        if group.alone and self._alone is not None:
            self._alone.submit(self._answer, group)
        elif self._one is not None:
            self._one.submit(self._answer, group)
        else:
            self._answer(group)

    def _answer(self, group: Ask) -> None:
        begun = time.perf_counter()
        answers: list[Answer] = []
        for path, calls in group.parts:
            answers += ask(self._host, self._routes.get(path), calls)
        self._send(frames.ANSWERED, (group.number, time.perf_counter() - begun, answers))

    def _change(self, change: Change) -> None:
        failure: Failure | None = None
        offer: Offer | None = None
        try:
            self._host.change(change.order)
            offer = self._host.offer()
            self._take(offer)
        except TreeringError as error:
            failure = Failure(error.error_code, error.message, error.status)
        except Exception as error:  # noqa: BLE001 -- the border of a worker
            logger.exception("A change failed.")
            failure = Failure(TreeringError.code, f"{type(error).__name__}: {error}", TreeringError.status)
        self._send(frames.CHANGED, (change.number, failure, offer))

    def _send(self, kind: int, body: object) -> None:
        packed = pack(kind, body)
        with self._sending:
            self._link.sendall(packed)


def _follow(line: int) -> None:
    """A front that was killed cannot tell its workers to end, but its end of the pipe closes."""
    os.read(line, 1)
    time.sleep(_LAST)
    os._exit(_FAILED)


_LAST = 5.0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
