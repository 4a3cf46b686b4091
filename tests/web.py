"""Small web servers for the tests, each on a thread of its own."""

from __future__ import annotations

import hashlib
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

__all__ = ["Files", "Silent", "served"]


class _Quiet(BaseHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


class Silent(_Quiet):
    """Takes requests, and never answers."""

    def do_HEAD(self) -> None:
        self.server.asked.put(self.path)
        self.server.closing.wait()
        self.close_connection = True

    def do_GET(self) -> None:
        self.do_HEAD()


class Files(_Quiet):
    """Gives what stands in `files` under their path, with an ETag."""

    files: ClassVar[dict[str, bytes]] = {}

    def do_HEAD(self) -> None:
        content = self.files.get(self.path)
        if content is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("ETag", f'"{hashlib.sha1(content).hexdigest()}"')
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)

    def do_GET(self) -> None:
        self.do_HEAD()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, answers: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(("127.0.0.1", 0), answers)
        self.asked: queue.Queue[str] = queue.Queue()
        self.closing = threading.Event()


@contextmanager
def served(answers: type[BaseHTTPRequestHandler]) -> Iterator[tuple[str, queue.Queue[str]]]:
    """A server; its address, and the paths that it was asked for if it tells them."""
    with _Server(answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", server.asked
        finally:
            server.closing.set()
            server.shutdown()
            thread.join()
