from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from treering.client.channel import Channel
from treering.client.far import far_tracking
from treering.core.errors import InvalidInput, NotFound, PermissionDenied, Unavailable
from treering.core.settings import Settings
from treering.entities.run import LogBatch, NewRun, Origin

Script = list[tuple[int, dict[str, str], bytes]]


class Scripted(ThreadingHTTPServer):
    """Answers what it was told, one after the other, and remembers what it was asked."""

    answers: Script
    asked: list[tuple[str, str, dict[str, str]]]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Scripted

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.server.asked.append((self.command, self.path, {k.lower(): v for k, v in self.headers.items()}))
        status, headers, body = self.server.answers.pop(0)
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815  # the base class's names

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    server = Scripted(("127.0.0.1", 0), Handler)
    server.answers, server.asked = [], []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


JSON = {"Content-Type": "application/json", "Retry-After": "0"}
BUSY = (503, JSON, b'{"error_code": "TEMPORARILY_UNAVAILABLE", "message": "Later."}')
EMPTY = (200, JSON, b"{}")


def test_reading_is_repeated_until_the_server_answers(scripted: Scripted) -> None:
    scripted.answers = [BUSY, BUSY, (200, JSON, b'{"end": 7}')]
    assert far_tracking(Channel(scripted.url, Settings())).runs.delivered("j") == 7
    assert len(scripted.asked) == 3


def test_patience_ends(scripted: Scripted) -> None:
    scripted.answers = [BUSY] * 3
    with pytest.raises(Unavailable, match="Later"):
        far_tracking(Channel(scripted.url, Settings(http_retries=2))).runs.delivered("j")
    assert len(scripted.asked) == 3


def test_only_what_may_be_repeated_is(scripted: Scripted) -> None:
    runs = far_tracking(Channel(scripted.url, Settings())).runs
    scripted.answers = [BUSY, EMPTY]
    runs.log([LogBatch("r")], Origin("j", 1))
    assert len(scripted.asked) == 2
    for call in (lambda: runs.log([LogBatch("r")]), lambda: runs.create(NewRun("0"))):
        scripted.answers, scripted.asked = [BUSY, EMPTY], []
        with pytest.raises(Unavailable):
            call()
        assert len(scripted.asked) == 1


def test_a_refusal_is_not_repeated_and_keeps_its_kind(scripted: Scripted) -> None:
    runs = far_tracking(Channel(scripted.url, Settings())).runs
    scripted.answers = [
        (404, JSON, b'{"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "No such run."}'),
        (403, {"Content-Type": "text/html"}, b"<h1>Forbidden</h1>"),
    ]
    with pytest.raises(NotFound, match="No such run"):
        runs.get("r")
    with pytest.raises(PermissionDenied, match="Forbidden"):
        runs.get("r")


def test_an_answer_that_is_none_of_ours_is_told(scripted: Scripted) -> None:
    scripted.answers = [(200, {"Content-Type": "text/html"}, b"<html>")]
    with pytest.raises(Unavailable, match="Treering server"):
        far_tracking(Channel(scripted.url, Settings())).runs.delivered("j")


@pytest.mark.parametrize(
    ("settings", "url", "expected"),
    [
        (Settings(tracking_token="t", tracking_username="u", tracking_password="p"), "http://{}", "Bearer t"),
        (Settings(tracking_username="u", tracking_password="p"), "http://a:b@{}", "Basic dTpw"),
        (Settings(), "http://u:p%40@{}", "Basic dTpwQA=="),
        (Settings(), "http://{}", None),
    ],
)
def test_credentials(scripted: Scripted, settings: Settings, url: str, expected: str | None) -> None:
    scripted.answers = [(200, JSON, b'{"end": 0}')]
    far_tracking(Channel(url.format(f"127.0.0.1:{scripted.server_address[1]}"), settings)).runs.delivered("j")
    assert scripted.asked[0][2].get("authorization") == expected


def test_a_path_before_the_api_is_kept(scripted: Scripted) -> None:
    scripted.answers = [(200, JSON, b'{"end": 0}')]
    far_tracking(Channel(f"{scripted.url}/ml/", Settings())).runs.delivered("j")
    assert scripted.asked[0][1] == "/ml/api/v1/journals/j"


def test_a_server_that_is_not_there_is_named() -> None:
    with pytest.raises(Unavailable, match=r"http://127\.0\.0\.1:9 cannot be reached: .* Check that it runs"):
        far_tracking(Channel("http://127.0.0.1:9", Settings(http_retries=0))).runs.delivered("j")


def test_a_missing_file_of_authorities_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="TREERING_TRACKING_CA_FILE"):
        Channel("https://example.test", Settings(tracking_ca_file=str(tmp_path / "none.pem")))
