from __future__ import annotations

import pytest

from treering.core.errors import PermissionDenied
from treering.server.guard import guard_for, is_loopback

LOOPBACK = guard_for("127.0.0.1")
NETWORK = guard_for("0.0.0.0")
NAMED = guard_for("0.0.0.0", ["ml.example.org", "*.internal:8443"], ["https://board.example.org/"])


@pytest.mark.parametrize("host", ["localhost", "localhost:5000", "LOCALHOST:1", "127.0.0.1:5000", "[::1]:5000", "app.localhost:80"])  # fmt: skip
def test_loopback_answers_to_its_own_names(host: str) -> None:
    LOOPBACK.check("GET", "/", {"host": host})


@pytest.mark.parametrize("host", ["evil.example", "evil.example:5000", "localhost.evil.example", "127.0.0.1.evil.example", "", "[::2]"])  # fmt: skip
def test_loopback_answers_to_no_other_name(host: str) -> None:
    with pytest.raises(PermissionDenied, match="DNS rebinding"):
        LOOPBACK.check("GET", "/api/v1/server", {"host": host})


def test_probes_answer_to_every_name() -> None:
    LOOPBACK.check("GET", "/health", {"host": "evil.example"})


def test_a_server_on_the_network_answers_to_every_name() -> None:
    NETWORK.check("GET", "/", {"host": "ml.example.org:5000"})


@pytest.mark.parametrize("host", ["ml.example.org", "ml.example.org:443", "a.internal:8443", "localhost:5000"])
def test_named_hosts_are_allowed(host: str) -> None:
    NAMED.check("GET", "/", {"host": host})


@pytest.mark.parametrize("host", ["other.example.org", "a.internal:80", "xml.example.org"])
def test_hosts_that_are_not_named_are_refused(host: str) -> None:
    with pytest.raises(PermissionDenied, match="--allowed-hosts"):
        NAMED.check("GET", "/", {"host": host})


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "http://localhost:5000"},
        {"origin": "http://localhost:5173"},
        {"origin": "http://evil.example", "sec-fetch-site": "same-origin"},
    ],
)
def test_own_pages_may_send_changes(headers: dict[str, str]) -> None:
    LOOPBACK.check("POST", "/api/v1/experiments", {"host": "localhost:5000", **headers})


def test_pages_behind_a_proxy_may_send_changes() -> None:
    headers = {"host": "inside:5000", "x-forwarded-host": "ml.example.org", "origin": "https://ml.example.org"}
    NETWORK.check("POST", "/api/v1/experiments", headers)


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost.evil.example:5000"])
def test_pages_of_other_sites_may_not(origin: str) -> None:
    with pytest.raises(PermissionDenied, match="--cors-allowed-origins"):
        LOOPBACK.check("POST", "/api/v1/experiments", {"host": "localhost:5000", "origin": origin})


def test_they_may_not_be_on_this_machine_for_a_server_elsewhere() -> None:
    with pytest.raises(PermissionDenied):
        NETWORK.check("DELETE", "/x", {"host": "ml.example.org", "origin": "http://localhost:8000"})


def test_reading_is_left_to_the_browser() -> None:
    LOOPBACK.check("GET", "/", {"host": "localhost:5000", "origin": "http://evil.example"})


def test_named_sites_may_send_changes() -> None:
    NAMED.check("POST", "/x", {"host": "ml.example.org", "origin": "https://board.example.org"})


@pytest.mark.parametrize(("host", "known"), [("localhost", True), ("127.9.9.9", True), ("::1", True), ("0.0.0.0", False), ("example.org", False), ("", False)])  # fmt: skip
def test_loopback_is_known(host: str, known: bool) -> None:
    assert is_loopback(host) is known
