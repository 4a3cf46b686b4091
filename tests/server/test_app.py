from __future__ import annotations

import contextlib
import dataclasses
import gzip
import http.client
import logging
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from treering.assembly import Services
from treering.core.errors import Unavailable
from treering.server.adapter import _accepts_packed
from treering.server.guard import guard_for
from treering.server.handling import Handlers
from treering.server.static import Interface
from treering.server.surfaces import SURFACES, Surface
from treering.wire.dialect import RawRequest
from treering.wire.endpoint import Empty, Endpoint, Permission
from treering.wire.native.codec import NATIVE
from treering.wire.native.experiments import CreateExperiment
from treering.wire.native.metrics import LINES
from treering.wire.native.runs import SEARCH

Site = Any  # of conftest.py, which tests cannot import

FAIL = Endpoint("test.fail", "GET", "/api/v1/test/fail", Empty, Empty, Permission.OPEN, "Fails")
WAIT = Endpoint("test.wait", "GET", "/api/v1/test/wait", Empty, Empty, Permission.OPEN, "Waits")
LARGE = Endpoint("test.large", "GET", "/api/v1/test/large", Empty, CreateExperiment, Permission.OPEN, "Large")


@dataclasses.dataclass
class Gate:
    """Handlers that the test holds in its hand."""

    entered: threading.Semaphore = dataclasses.field(default_factory=lambda: threading.Semaphore(0))
    opened: threading.Event = dataclasses.field(default_factory=threading.Event)

    def surface(self) -> Surface:
        table = Handlers()

        @table.handles(FAIL)
        def fail(_services: Services, _asked: Empty) -> Empty:
            msg = "a secret of the inside"
            raise RuntimeError(msg)

        @table.handles(WAIT)
        def wait(_services: Services, _asked: Empty) -> Empty:
            self.entered.release()
            assert self.opened.wait(30)
            return Empty()

        @table.handles(LARGE)
        def large(_services: Services, _asked: Empty) -> CreateExperiment:
            return CreateExperiment("x" * 100_000)

        return Surface(NATIVE, ("/api/v1",), [table])


@pytest.fixture
def gate() -> Gate:
    return Gate()


def test_health(site: Site) -> None:
    answer = site.ask("GET", "/health")
    assert (answer.status, answer.body) == (200, b"OK")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


def test_the_version_is_one_that_mlflow_clients_compare(site: Site) -> None:
    answer = site.ask("GET", "/version")
    assert answer.status == 200
    assert [part.isdecimal() for part in answer.body.decode().split(".")] == [True, True, True]


def test_ready_asks_database_and_artifacts(start: Callable[..., Site], services: Services) -> None:
    assert start().ask("GET", "/ready").body == b"OK"

    def check() -> None:
        msg = "The database does not answer. Start it."
        raise Unavailable(msg)

    answer = start(dataclasses.replace(services, check=check)).ask("GET", "/ready")
    assert (answer.status, answer.body) == (503, b"The database does not answer. Start it.")


def test_metrics_count_requests_by_endpoint(site: Site) -> None:
    site.ask("GET", "/api/v1/server")
    site.ask("GET", "/api/v1/experiments/unknown")
    text = site.ask("GET", "/metrics").body.decode()
    assert 'treering_requests_total{endpoint="server.info",status="200"} 1.0' in text
    assert 'treering_requests_total{endpoint="experiments.get",status="404"} 1.0' in text
    assert 'treering_request_seconds_count{endpoint="server.info"} 1.0' in text


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v9/x", "/api/v1/experiments/1/nothing"])
def test_unknown_paths_of_the_api(site: Site, path: str) -> None:
    answer = site.ask("GET", path)
    assert answer.status == 404
    assert answer.json()["error_code"] == "ENDPOINT_NOT_FOUND"
    assert path in answer.json()["message"]


@pytest.mark.parametrize("path", ["/api/2.0/mlflow/nothing", "/ajax-api/3.0/mlflow/nothing"])
def test_unknown_paths_of_mlflow_are_answered_in_its_form(site: Site, path: str) -> None:
    answer = site.ask("GET", path)
    assert answer.status == 404
    assert set(answer.json()) == {"error_code", "message"}


def test_a_wrong_method_lists_the_right_ones(site: Site) -> None:
    answer = site.ask("PUT", "/api/v1/experiments/1")
    assert (answer.status, answer.headers["allow"]) == (405, "DELETE, GET, PATCH")
    assert site.ask("POST", "/health").status == 405
    assert site.ask("POST", "/somewhere").status == 404


def test_head_is_get_without_a_body(site: Site) -> None:
    for path in ("/health", "/api/v1/server", "/"):
        answer = site.ask("HEAD", path)
        assert (answer.status, answer.body) == (200, b""), path


def test_every_answer_is_labelled(site: Site) -> None:
    for path in ("/health", "/api/v1/server", "/api/v1/nothing", "/", "/api/v1/openapi.json"):
        headers = site.ask("GET", path).headers
        assert headers["x-content-type-options"] == "nosniff", path
        assert "frame-ancestors" in headers["content-security-policy"], path
        assert len(headers["x-request-id"]) == 32, path
        assert "server" not in headers, path


def test_a_request_keeps_the_id_that_it_came_with_unless_that_is_odd(site: Site) -> None:
    assert site.ask("GET", "/health", headers={"x-request-id": "abc-1"}).headers["x-request-id"] == "abc-1"
    for odd in ("a b", "x" * 100, "é"):
        assert site.ask("GET", "/health", headers={"x-request-id": odd}).headers["x-request-id"] != odd


def test_a_fault_is_logged_and_not_shown(
    start: Callable[..., Site], gate: Gate, caplog: pytest.LogCaptureFixture
) -> None:
    site = start(surfaces=[gate.surface()])
    with caplog.at_level(logging.ERROR, "treering"):
        answer = site.ask("GET", "/api/v1/test/fail", headers={"x-request-id": "the-id"})
    assert answer.status == 500
    assert answer.json()["error_code"] == "INTERNAL_ERROR"
    assert "the-id" in answer.json()["message"]
    assert b"secret" not in answer.body
    assert "the-id" in caplog.text
    assert "a secret of the inside" in caplog.text
    assert site.ask("GET", "/health").status == 200


def test_slow_handlers_leave_room_for_others(start: Callable[..., Site], gate: Gate) -> None:
    site = start(surfaces=[gate.surface()], threads=2)
    with ThreadPoolExecutor(3) as pool:
        waiting = [pool.submit(site.ask, "GET", "/api/v1/test/wait") for _ in range(3)]
        assert gate.entered.acquire(timeout=30)
        assert gate.entered.acquire(timeout=30)
        assert site.ask("GET", "/health").status == 200
        # The third waits for a thread.
        assert not gate.entered.acquire(blocking=False)
        gate.opened.set()
        assert [future.result().status for future in waiting] == [200] * 3


def test_a_body_above_the_limit_is_refused_before_it_is_sent(site: Site) -> None:
    with socket.create_connection(("127.0.0.1", site.port), 30) as connection:
        connection.sendall(
            b"POST /api/v1/experiments HTTP/1.1\r\nhost: localhost\r\ncontent-length: 99999999999\r\n\r\n"
        )
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        assert answer.status == 413
        assert b"TREERING_MAX_BODY_BYTES" in answer.read()


def test_a_body_above_the_limit_is_refused_while_it_comes(site: Site) -> None:
    def chunks() -> Any:
        for _ in range(40):
            yield b"x" * (1 << 15)

    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", site.port, timeout=30)) as connection:
        connection.request("POST", "/api/v1/experiments", chunks(), {"content-type": "application/json"})
        answer = connection.getresponse()
        assert answer.status == 413
        assert b"REQUEST_TOO_LARGE" in answer.read()
        # What was still coming is dropped, and the connection goes on.
        connection.request("GET", "/health")
        assert connection.getresponse().read() == b"OK"


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b"{", {"content-type": "application/json"}, 400, "BAD_REQUEST"),
        (b"a=b", {"content-type": "application/x-www-form-urlencoded"}, 415, "UNSUPPORTED_MEDIA_TYPE"),
        (b'{"name": 1}', {"content-type": "application/json"}, 400, "INVALID_PARAMETER_VALUE"),
        (b"\xc1", {"content-type": "application/msgpack"}, 400, "BAD_REQUEST"),
    ],
)
def test_bad_bodies(site: Site, body: bytes, headers: dict[str, str], status: int, code: str) -> None:
    answer = site.ask("POST", "/api/v1/experiments", body, headers)
    assert (answer.status, answer.json()["error_code"]) == (status, code)


def test_too_many_query_fields(site: Site) -> None:
    answer = site.ask("GET", "/api/v1/artifacts?" + "&".join(f"a{index}=1" for index in range(1100)))
    assert (answer.status, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")


def test_a_caller_that_goes_away_in_the_middle_is_no_fault(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_connection(("127.0.0.1", site.port), 30) as connection:
        connection.sendall(b"POST /api/v1/experiments HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\n\r\n{")
    assert site.ask("GET", "/health").status == 200
    assert "failed" not in caplog.text


def test_large_answers_are_packed_for_who_is_far(start: Callable[..., Site], gate: Gate) -> None:
    request = RawRequest({}, {}, {"accept-encoding": "gzip, br"}, b"")
    assert _accepts_packed({"client": ("192.0.2.1", 5)}, request, SEARCH)
    assert not _accepts_packed({"client": ("127.0.0.1", 5)}, request, SEARCH)
    assert not _accepts_packed({"client": ("192.0.2.1", 5)}, RawRequest({}, {}, {}, b""), SEARCH)
    # Lines for charts are packed for everybody who takes them so.
    assert _accepts_packed({"client": ("127.0.0.1", 5)}, request, LINES)
    # From loopback nothing is packed; without a peer's address, as behind a Unix socket, it is.
    near = start(surfaces=[gate.surface()]).ask("GET", "/api/v1/test/large", headers={"accept-encoding": "gzip"})
    assert "content-encoding" not in near.headers
    assert len(near.body) > 100_000


def test_a_packed_answer_unpacks_to_the_same(gate: Gate, services: Services) -> None:
    from treering.server.adapter import Adapter  # noqa: PLC0415 - only this test looks inside

    with ThreadPoolExecutor(1) as pool:
        adapter = Adapter(services, [gate.surface()], pool, 1000)
        bound, _ = adapter._router.find("GET", "/api/v1/test/large")
        plain, packed = (adapter._work(bound, RawRequest({}, {}, {}, b""), pack) for pack in (False, True))
    assert not plain[1]
    assert packed[1]
    assert len(packed[0].body) < 1000
    assert gzip.decompress(packed[0].body) == plain[0].body


def test_pages_of_other_sites_are_refused(start: Callable[..., Site]) -> None:
    site = start(guard=guard_for("127.0.0.1"))
    rebound = site.ask("GET", "/api/v1/server", headers={"host": "evil.example"})
    assert (rebound.status, rebound.json()["error_code"]) == (403, "PERMISSION_DENIED")
    crossed = site.ask("POST", "/api/v1/experiments/0/restore", headers={"origin": "http://evil.example"})
    assert crossed.status == 403
    assert site.ask("GET", "/health", headers={"host": "evil.example"}).status == 200


def test_the_interface_has_the_paths_that_nothing_else_has(start: Callable[..., Site], tmp_path: Path) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("the page")
    (tmp_path / "assets" / "a-1.js").write_text("code")
    site = start(interface=Interface(tmp_path))
    assert site.ask("GET", "/experiments/5").body == b"the page"
    assert site.ask("GET", "/assets/a-1.js").body == b"code"
    assert site.ask("GET", "/api/v1/x").status == 404
    assert site.ask("GET", "/experiments/../../../../etc/passwd").body == b"the page"


def test_all_surfaces_fit_together() -> None:
    names = [
        endpoint.name
        for surface in SURFACES
        for table in surface.tables
        for endpoint, _ in (*table.plain(), *table.streaming())
    ]
    assert len(names) > 50
