"""What clients send that are slow, broken or malicious: each gets what it deserves, and the next client its answer."""

from __future__ import annotations

import json
import random
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from model_server import ModelServer, served, until
from treering.models.folder import SaveOptions, save

TROUBLED = Path(__file__).parent / "files" / "troubled.py"
SLOWLY, LONG = -11, -22


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelServer]:
    folder = tmp_path_factory.mktemp("hostile") / "model"
    save("pyfunc", str(TROUBLED), folder, SaveOptions(input_example=np.array([[1.0, 2.0]])))
    with served(folder, folder.parent / "run", timeout=30, patience={"head": 1, "body": 1, "reader": 2}) as one:
        yield one


@pytest.fixture(autouse=True)
def _all_is_well_afterwards(server: ModelServer) -> Iterator[None]:
    yield
    assert server.process.poll() is None
    assert server.post(_body(1.0)).json() == {"predictions": [3.0]}


def _body(first: float) -> bytes:
    return json.dumps({"inputs": [[first, 2.0]]}).encode()


def _request(first: float = 1.0, *more: str, path: str = "/invocations") -> bytes:
    body = _body(first)
    fields = ["Host: here", "Content-Type: application/json", f"Content-Length: {len(body)}", *more]
    return "\r\n".join([f"POST {path} HTTP/1.1", *fields, "", ""]).encode() + body


def _sum(first: float) -> dict[str, list[float]]:
    return {"predictions": [first + 2.0]}


# Slow and vanishing clients


def test_a_head_that_never_ends_is_told_in_time(server: ModelServer):
    with server.wire() as wire:
        for byte in b"POST /invocations HTTP/1.1\r\nHost: a\r\nX-Slow: ":
            wire.send(bytes([byte]))
        # One byte at a time, for ever: the head has one time for all of it, not one for each byte.
        end = time.monotonic() + 20
        wire.socket.settimeout(0.2)
        while time.monotonic() < end:
            try:
                wire.send(b"a")
                if wire.socket.recv(1, socket.MSG_PEEK) is not None:
                    break
            except TimeoutError:
                continue
            except ConnectionError:
                return
        else:
            pytest.fail("it waits still")
        wire.socket.settimeout(10)
        answer = wire.answer()
        assert answer is None or answer.status in {400, 408}


def test_a_body_that_does_not_come_is_told_in_time(server: ModelServer):
    with server.wire() as wire:
        wire.send(_request()[:-5])
        answer = wire.answer()
        assert answer is not None
        assert answer.status == 408
        assert wire.ended()


def test_many_slow_clients_take_nothing_from_the_others(server: ModelServer):
    wires = [server.wire() for _ in range(100)]
    try:
        for wire in wires:
            wire.send(b"POST /invocations HTTP/1.1\r\nHost: a\r\n")
        for _ in range(50):
            assert server.post(_body(1.0)).status == 200
    finally:
        for wire in wires:
            wire.close()


def test_a_client_that_has_said_all_and_shuts_its_side_gets_its_answer(server: ModelServer):
    with server.wire() as wire:
        wire.send(_request(SLOWLY))
        wire.socket.shutdown(socket.SHUT_WR)
        answer = wire.answer()
        assert answer is not None
        assert answer.json() == _sum(SLOWLY)


def test_clients_that_go_away_leave_nothing_behind(server: ModelServer):
    for _ in range(30):
        with server.wire() as wire:
            wire.send(_request(SLOWLY))
    begun = time.monotonic()
    assert server.post(_body(1.0)).status == 200
    # Thirty times 1.5 seconds would have been asked for nobody.
    assert time.monotonic() - begun < 20
    until(lambda: server.metric("treering_model_requests_in_flight") <= 1)


def test_a_client_that_resets_its_connection_is_nothing_special(server: ModelServer):
    for _ in range(20):
        wire = server.wire()
        wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        wire.send(_request()[: random.Random(1).randrange(1, 200)])
        wire.close()


def test_a_client_that_never_reads_stops_being_asked_for(server: ModelServer):
    with server.wire() as wire:
        wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        wire.socket.settimeout(3)
        try:
            for _ in range(200):  # of 80 MB each
                wire.send(_request(LONG))
        except (TimeoutError, ConnectionError):
            pass
        assert server.post(_body(1.0)).status == 200
        held = int(Path(f"/proc/{server.process.pid}/statm").read_text().split()[1]) * 4096
        assert held < 1 << 30


def test_a_connection_says_nothing_and_is_kept_a_while(server: ModelServer):
    with server.wire() as wire:
        time.sleep(1.5)  # longer than a head may take, which has not begun
        wire.send(_request())
        answer = wire.answer()
        assert answer is not None
        assert answer.status == 200


# Framing


def test_a_request_may_come_in_any_two_pieces(server: ModelServer):
    whole = _request(3.0)
    with server.wire() as wire:
        for at in range(1, len(whole)):
            wire.send(whole[:at])
            time.sleep(0.001)
            wire.send(whole[at:])
            answer = wire.answer()
            assert answer is not None
            assert answer.json() == _sum(3.0), at


def test_a_request_may_come_byte_by_byte(server: ModelServer):
    with server.wire() as wire:
        for byte in _request(4.0):
            wire.send(bytes([byte]))
        answer = wire.answer()
        assert answer is not None
        assert answer.json() == _sum(4.0)


def test_what_is_sent_ahead_is_answered_in_its_order(server: ModelServer):
    with server.wire() as wire:
        wire.send(b"".join(_request(float(number)) for number in range(200)))
        for number in range(200):
            answer = wire.answer()
            assert answer is not None
            assert answer.json() == _sum(number)


def test_fast_and_slow_ways_keep_the_order_together(server: ModelServer):
    get = b"GET /ping HTTP/1.1\r\nHost: a\r\n\r\n"
    chunked = (
        b"POST /invocations HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        + b"".join(b"%x\r\n%c\r\n" % (1, byte) for byte in _body(7.0))
        + b"0\r\n\r\n"
    )
    nowhere = b"POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}"
    bad = b"POST /invocations HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 1\r\n\r\n{"
    parts = [_request(SLOWLY), get, _request(5.0), chunked, nowhere, _request(6.0), bad, get, get, _request(8.0)]
    with server.wire() as wire:
        wire.send(b"".join(parts))
        statuses, bodies = [], []
        for _ in parts:
            answer = wire.answer()
            assert answer is not None
            statuses.append(answer.status)
            bodies.append(answer.body)
    assert statuses == [200, 200, 200, 200, 404, 200, 400, 200, 200, 200]
    assert [json.loads(bodies[at])["predictions"][0] for at in (0, 2, 3, 5, 9)] == [SLOWLY + 2.0, 7.0, 9.0, 8.0, 10.0]


def test_a_body_in_chunks_is_read(server: ModelServer):
    body = _body(9.0)
    head = (
        b"POST /invocations HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    with server.wire() as wire:
        wire.send(head + b"%x;note=1\r\n%b\r\n0\r\nTrailer: yes\r\n\r\n" % (len(body), body))
        answer = wire.answer()
        assert answer is not None
        assert answer.json() == _sum(9.0)
        wire.send(_request(1.0))
        again = wire.answer()
        assert again is not None
        assert again.json() == _sum(1.0)


def test_who_asks_first_whether_to_send_is_told_to_go_on(server: ModelServer):
    head, _, body = _request(2.0, "Expect: 100-continue").partition(b"\r\n\r\n")
    with server.wire() as wire:
        wire.send(head + b"\r\n\r\n")
        interim = wire.answer()
        assert interim is not None
        assert interim.status == 100
        wire.send(body)
        answer = wire.answer()
        assert answer is not None
        assert answer.json() == _sum(2.0)


def test_a_body_that_is_too_long_is_refused_before_it_is_sent(server: ModelServer):
    head = b"POST /invocations HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 99999999999\r\n"
    for more in (b"", b"Expect: 100-continue\r\n"):
        with server.wire() as wire:
            wire.send(head + more + b"\r\n")
            answer = wire.answer()
            assert answer is not None
            assert answer.status == 413
            assert "bytes" in answer.message
            assert wire.ended()


def test_chunks_that_never_end_are_refused_at_the_limit(server: ModelServer):
    head = (
        b"POST /invocations HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    with server.wire() as wire:
        wire.send(head)
        chunk = b"100000\r\n" + b" " * (1 << 20) + b"\r\n"
        try:
            for _ in range(200):
                wire.send(chunk)
        except ConnectionError:
            return  # it was told, but reading on was too much for it
        answer = wire.answer()
        assert answer is None or answer.status == 413


def test_connection_close_is_heeded(server: ModelServer):
    for request in (_request(1.0, "Connection: close"), _request(1.0).replace(b"HTTP/1.1", b"HTTP/1.0")):
        with server.wire() as wire:
            wire.send(request)
            answer = wire.answer()
            assert answer is not None
            assert answer.json() == _sum(1.0)
            assert wire.ended()


def test_methods_that_have_no_place_are_told(server: ModelServer):
    for method in ("GET", "PUT", "DELETE", "PATCH", "OPTIONS"):
        reply = server.request(method, "/invocations")
        assert reply.status == 405, method
        assert reply.headers["allow"] == "POST"
    with server.wire() as wire:
        wire.send(b"HEAD /ping HTTP/1.1\r\nHost: a\r\n\r\n")
        answer = wire.answer(head_only=True)
        assert answer is not None
        assert answer.status == 200
        wire.send(_request(1.0))
        after = wire.answer()
        assert after is not None
        assert after.json() == _sum(1.0)


# Attempts to have one request read as two, and other malformed heads

_BODY = _body(1.0)
_INNER = b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n"
_TYPE = b"Host: a\r\nContent-Type: application/json\r\n"


def _head(*fields: bytes, first: bytes = b"POST /invocations HTTP/1.1") -> bytes:
    return b"\r\n".join([first, *fields, b"", b""])


SMUGGLED = {
    "both lengths": _head(b"Host: a", b"Content-Length: 6", b"Transfer-Encoding: chunked") + b"0\r\n\r\nX" + _INNER,
    "both, the other way": _head(b"Host: a", b"Transfer-Encoding: chunked", b"Content-Length: 4") + b"5c\r\n" + _INNER,
    "two lengths": _head(b"Host: a", b"Content-Length: 0", b"Content-Length: %d" % len(_INNER)) + _INNER,
    "a list of lengths": _head(b"Host: a", b"Content-Length: 0, %d" % len(_INNER)) + _INNER,
    "a length with a sign": _head(b"Host: a", b"Content-Length: +0") + _INNER,
    "a length below zero": _head(b"Host: a", b"Content-Length: -1") + _INNER,
    "a length in hexadecimal": _head(b"Host: a", b"Content-Length: 0x0") + _INNER,
    "a length with a space": _head(b"Host: a", b"Content-Length: 0 0") + _INNER,
    "a length beyond 64 bits": _head(b"Host: a", b"Content-Length: 18446744073709551616") + _INNER,
    "a coding nobody knows": _head(b"Host: a", b"Transfer-Encoding: xchunked") + b"0\r\n\r\n" + _INNER,
    "a coding after chunked": _head(b"Host: a", b"Transfer-Encoding: chunked, identity") + b"0\r\n\r\n" + _INNER,
    "two codings": _head(b"Host: a", b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity")
    + b"0\r\n\r\n"
    + _INNER,
    "a space before the colon": _head(b"Host: a", b"Content-Length : 0", b"Content-Length: 0") + _INNER,
    "a folded line": _head(b"Host: a", b"X: a", b" Content-Length: 5") + _INNER,
    "a line that ends early": _head(b"Host: a\nContent-Length: 0") + _INNER,
    "a bare carriage return": _head(b"Host: a", b"X: a\rContent-Length: 0") + _INNER,
    "a zero byte": _head(b"Host: a", b"X: a\0b", b"Content-Length: 0") + _INNER,
    "a zero byte in a name": _head(b"Host: a", b"X\0: b", b"Content-Length: 0") + _INNER,
    "a chunk that is too long to count": _head(b"Host: a", b"Transfer-Encoding: chunked") + b"FFFFFFFFFFFFFFFFF\r\n",
    "a chunk without a number": _head(b"Host: a", b"Transfer-Encoding: chunked") + b"zz\r\n" + _INNER,
    "a chunk whose end is missing": _head(b"Host: a", b"Transfer-Encoding: chunked")
    + b"1\r\nxGET /metrics HTTP/1.1\r\n\r\n",
    "no version": _head(b"Host: a", first=b"POST /invocations") + _INNER,
    "version 9": _head(b"Host: a", first=b"POST /invocations HTTP/9.9") + _INNER,
    "a method of other signs": _head(b"Host: a", first=b"PO\x01ST /invocations HTTP/1.1") + _INNER,
    "a target with spaces": _head(b"Host: a", first=b"POST /invo cations HTTP/1.1") + _INNER,
}


@pytest.mark.parametrize("data", SMUGGLED.values(), ids=SMUGGLED)
def test_no_request_hides_in_another(server: ModelServer, data: bytes):
    with server.wire() as wire:
        wire.socket.settimeout(20)
        wire.send(data)
        wire.socket.shutdown(socket.SHUT_WR)
        answers = []
        while (answer := wire.answer()) is not None:
            answers.append(answer)
    # Either it is refused and the connection ends, or what hides is no request of its own.
    assert len(answers) <= 1
    assert all(answer.status in {400, 408, 411, 413, 431, 501, 505} for answer in answers)
    assert all(b"treering_" not in answer.body for answer in answers)


@pytest.mark.parametrize(
    "data",
    [
        _head(b"Host: a", b"X: " + b"a" * (1 << 20)),
        _head(b"Host: a", *(b"X-%d: a" % number for number in range(50_000))),
        _head(b"Host: a", first=b"GET /" + b"a" * (1 << 20) + b" HTTP/1.1"),
        b"a" * (1 << 20),
        b"\r\n" * (1 << 19),
    ],
    ids=["a long field", "many fields", "a long target", "no line at all", "empty lines"],
)
def test_a_head_without_end_is_refused(server: ModelServer, data: bytes):
    with server.wire() as wire:
        wire.socket.settimeout(20)
        try:
            wire.send(data)
            answer = wire.answer()
            assert answer is None or 400 <= answer.status < 500
            wire.socket.shutdown(socket.SHUT_WR)
        except OSError:
            return
        assert wire.ended()


def test_noise_is_refused(server: ModelServer):
    chance = random.Random(7)
    starts = [
        b"",
        b"POST /invocations HTTP/1.1\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ]
    for number in range(80):
        with server.wire() as wire:
            wire.socket.settimeout(20)
            try:
                wire.send(starts[number % 4] + chance.randbytes(chance.randrange(1, 3000)) + b"\r\n\r\n")
                wire.socket.shutdown(socket.SHUT_WR)
                answer = wire.answer()
            except OSError:
                continue
            assert answer is None or answer.status in {400, 404, 405, 408, 411, 413, 431, 501, 505}


def test_an_upgrade_is_not_followed(server: ModelServer):
    wanted = ["Connection: Upgrade", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"]
    with server.wire() as wire:
        wire.send(_request(1.0, *wanted))
        answer = wire.answer()
        assert answer is not None
        assert answer.status in {200, 400, 403, 426}
        assert answer.status != 101


def test_an_absolute_target_and_odd_paths_are_no_way_in(server: ModelServer):
    for path in (
        "//invocations",
        "/invocations/",
        "/./invocations",
        "/%69nvocations/x",
        "/invocations;a",
        "/../etc/passwd",
    ):
        with server.wire() as wire:
            wire.send(_request(1.0, path=path))
            answer = wire.answer()
            assert answer is not None
            assert answer.status in {200, 307, 308, 400, 404, 405}
            assert b"root:" not in answer.body


def test_names_of_requests_that_are_none_are_not_echoed(server: ModelServer):
    for bad in ("a b", "a" * 500, "ä", "<script>"):
        reply = server.post(_body(1.0), **{"X-Request-Id": bad.encode().decode("latin-1")})
        assert reply.headers["x-request-id"] != bad
    assert server.post(_body(1.0), **{"X-Request-Id": "mine-1"}).headers["x-request-id"] == "mine-1"
