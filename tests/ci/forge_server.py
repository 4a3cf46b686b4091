"""A forge as far as comments go: what GitHub and GitLab answer to the few questions that are asked of them."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

GITHUB = "/github"
GITLAB = "/gitlab"
TOKEN = "token-that-nobody-may-see"


@dataclass
class Fake:
    """What stands on it.

    Attributes:
        asked: Method and path of each request, in order.
        refuse: Status that everything is answered with; 0 for none.
        busy: How often it says first that it is overloaded.
        others: Which comments are not those of the token.
        app: Whether the token stands for an app, as a job's own does on GitHub.
    """

    url: str = ""
    comments: dict[int, str] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    refuse: int = 0
    busy: int = 0
    others: set[int] = field(default_factory=set)
    app: bool = False


class _Handler(BaseHTTPRequestHandler):
    server: Any

    def log_message(self, *_: object) -> None:
        pass

    def _answer(self) -> None:
        fake: Fake = self.server.fake
        length = int(self.headers.get("content-length") or 0)
        body = json.loads(self.rfile.read(length)) if length else {}
        parts = urlsplit(self.path)
        fake.asked.append((self.command, self.path))
        told = self.headers.get("Authorization") == f"Bearer {TOKEN}" or self.headers.get("PRIVATE-TOKEN") == TOKEN
        if fake.busy:
            fake.busy -= 1
            return self._send(503, {"message": "overloaded"})
        if not told or fake.refuse:
            return self._send(fake.refuse or 401, {"message": "Resource not accessible by integration"})
        if parts.path in {f"{GITHUB}/user", f"{GITLAB}/user"}:
            return self._send(403 if fake.app else 200, _user(fake, 0))
        return self._send(*_answered(fake, self.command, parts.path, parse_qs(parts.query), body))

    do_GET = do_POST = do_PATCH = do_PUT = _answer  # noqa: N815  # as http.server calls them

    def _send(self, status: int, value: Any) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def _answered(fake: Fake, method: str, path: str, query: Any, body: Any) -> tuple[int, Any]:
    lists = (f"{GITHUB}/repos/o/r/issues/7/comments", f"{GITLAB}/projects/g%2Fp/merge_requests/7/notes",
             f"{GITLAB}/projects/12/merge_requests/7/notes")  # fmt: skip
    if path in lists and method == "GET":
        size, page = int(query["per_page"][0]), int(query["page"][0])
        items = [_shown(fake, number, text) for number, text in fake.comments.items()]
        return 200, items[size * (page - 1) : size * page]
    if path in lists and method == "POST":
        number = max(fake.comments, default=0) + 1
        fake.comments[number] = body["body"]
        return 201, _shown(fake, number, body["body"])
    one = re.fullmatch(
        rf"({GITHUB}/repos/o/r/issues/comments|{GITLAB}/projects/\S+/merge_requests/7/notes)/(\d+)", path
    )
    if one and method in {"PATCH", "PUT"} and int(one[2]) in fake.comments:
        fake.comments[int(one[2])] = body["body"]
        return 200, _shown(fake, int(one[2]), body["body"])
    if path == f"{GITHUB}/repos/o/r/commits/{'a' * 40}/pulls":
        return 200, [{"number": 3, "state": "closed"}, {"number": 7, "state": "open"}]
    if path == f"{GITLAB}/projects/12/merge_requests":
        return 200, [{"iid": 7}] if query == {"source_branch": ["work"], "state": ["opened"]} else []
    return 404, {"message": "Not Found"}


def _shown(fake: Fake, number: int, text: str) -> dict[str, Any]:
    author = _user(fake, number)
    address = f"https://forge.example/comment/{number}"
    return {"id": number, "body": text, "html_url": address, "user": author, "author": author}


def _user(fake: Fake, comment: int) -> dict[str, Any]:
    if comment in fake.others:
        return {"id": 9, "login": "mallory", "type": "User"}
    return {"id": 5, "login": "ci", "type": "Bot" if fake.app else "User"}


@contextmanager
def forge_server() -> Iterator[Fake]:
    """A forge on a free port of this machine."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        fake = Fake(f"http://127.0.0.1:{server.server_port}")
        server.fake = fake  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield fake
        finally:
            server.shutdown()
            thread.join()
