"""Requests through both lanes of a real server: what reaches the host, and what comes back."""

from __future__ import annotations

import gzip
import json
import socket
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest
import urllib3

from toy_servers import Toy, options_of, toy_variables
from treering.serving.front.embedding import running
from treering.serving.front.running import Where


def request(body: bytes, *more: bytes, path: bytes = b"/do", length: bytes | None = None) -> bytes:
    length = b"content-length: %d" % len(body) if length is None else length
    return b"\r\n".join([b"POST %b HTTP/1.1" % path, b"host: x", length, *more]) + b"\r\n\r\n" + body


def answers(connection: socket.socket, count: int) -> list[tuple[int, dict[str, str], bytes]]:
    """So many answers off a connection."""
    stream = connection.makefile("rb")
    found = []
    for _ in range(count):
        status = int(stream.readline().split()[1])
        headers = {}
        while line := stream.readline().strip():
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
        found.append((status, headers, stream.read(int(headers["content-length"]))))
    return found


def test_a_host_sees_what_it_wants_to_see(toy: Toy):
    told = toy.http.request(
        "POST", toy.url + "/do?a=1&b=2", body=b'{"x": 1}',
        headers={"Content-Type": "application/json", "X-Wanted": "yes", "X-Other": "no", "X-Request-Id": "mine-1"},
    )  # fmt: skip
    assert told.headers["x-request-id"] == "mine-1"
    assert told.headers["content-type"] == "application/json"
    found = told.json()
    assert found["asked"] == {"x": 1}
    assert (found["id"], found["type"], found["query"]) == ("mine-1", "application/json", "a=1&b=2")
    assert found["headers"] == {"x-wanted": "yes"}


def test_the_slow_lane_tells_a_host_the_same(toy: Toy):
    parts = iter([b'{"x"', b": 1}"])  # of no stated length
    headers = {"Content-Type": "application/json", "X-Wanted": "yes", "X-Request-Id": "mine-2"}
    told = toy.http.request("POST", toy.url + "/do?a=1", body=parts, headers=headers)
    found = told.json()
    assert told.headers["x-request-id"] == "mine-2"
    assert (found["asked"], found["id"], found["query"]) == ({"x": 1}, "mine-2", "a=1")
    assert found["headers"] == {"x-wanted": "yes"}


def test_a_connection_changes_lanes_and_comes_back(toy: Toy):
    with toy.plain() as connection:
        for _ in range(3):
            connection.sendall(request(b'{"n": 1}'))
            assert answers(connection, 1)[0][0] == 200
            connection.sendall(b"GET /ready HTTP/1.1\r\nhost: x\r\n\r\n")
            assert json.loads(answers(connection, 1)[0][2])["ready"] is True


def test_requests_sent_ahead_are_answered_in_their_order(toy: Toy):
    sent = [request(json.dumps({"n": n}).encode()) for n in range(20)]
    sent.insert(7, b"GET /version HTTP/1.1\r\nhost: x\r\n\r\n")
    sent.insert(15, request(b"3\r\n[1]\r\n0\r\n\r\n", length=b"transfer-encoding: chunked"))
    with toy.plain() as connection:
        connection.sendall(b"".join(sent))
        found = answers(connection, len(sent))
    assert {status for status, _, _ in found} == {200}
    numbers = [json.loads(body)["asked"] for _, headers, body in found if headers["content-type"] == "application/json"]
    assert [one["n"] for one in numbers if isinstance(one, dict)] == list(range(20))
    assert found[7][1]["content-type"].startswith("text/plain")
    assert json.loads(found[15][2])["asked"] == [1]


@pytest.mark.parametrize("size", [1, 3, 17, 60, 200])
def test_a_request_may_come_in_pieces(toy: Toy, size: int):
    whole = request(json.dumps({"text": "x" * 100}).encode(), b"content-type: application/json") * 2
    with toy.plain() as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for at in range(0, len(whole), size):
            connection.sendall(whole[at : at + size])
        found = answers(connection, 2)
    assert [json.loads(body)["asked"]["text"] for _, _, body in found] == ["x" * 100] * 2


def test_large_bodies_and_large_answers(toy: Toy):
    body = b"\x00" + bytes(range(256)) * 40_000
    assert toy.post("/do", body, **{"content-type": "application/x"}).data == body
    assert len(toy.do("long", bytes=20_000_000).data) == 20_000_000


def test_compressed_bodies_are_unpacked(toy: Toy):
    packed = gzip.compress(b'{"x": 1}')
    assert toy.post("/do", packed, **{"content-encoding": "gzip"}).json()["asked"] == {"x": 1}
    wrong = toy.post("/do", b"nonsense", **{"content-encoding": "gzip"})
    assert (wrong.status, wrong.json()["error_code"]) == (400, "BAD_REQUEST")
    unknown = toy.post("/do", packed, **{"content-encoding": "zz"})
    assert (unknown.status, "'zz'" in unknown.json()["message"]) == (415, True)


def test_a_small_body_that_unpacks_to_a_large_one_is_refused(start: Any):
    toy = start({}, body=1000)
    assert toy.post("/do", gzip.compress(b" " * 1_000_000), **{"content-encoding": "gzip"}).status == 413


def test_a_body_over_the_limit_is_refused_before_it_has_come(start: Any):
    toy = start({}, body=1000)
    with toy.plain() as connection:
        connection.sendall(request(b"", length=b"content-length: 5000000"))
        status, headers, body = answers(connection, 1)[0]
        assert (status, json.loads(body)["error_code"]) == (413, "REQUEST_TOO_LARGE")
        assert headers["connection"] == "close"
        assert connection.recv(1) == b""
    assert toy.post("/do", b"x" * 5_000_000).status == 413  # also where the client sends all of it first
    assert toy.post("/do", b"x" * 1000).status == 200


@pytest.mark.parametrize(
    "head",
    [
        b"content-length: 3\r\ncontent-length: 3",
        b"content-length: 3\r\ntransfer-encoding: chunked",
        b"content-length: +3",
        b"content-length: 3, 3",
        b"content-length : 3",
        b"content-length: 3\nx: y",
        b"transfer-encoding: chunked, identity",
        b"content-length: 3\r\n x: folded",
        b"content-length: -1",
        b"content-length: 0x3",
    ],
)
def test_heads_that_two_servers_could_read_differently_never_reach_a_host(toy: Toy, head: bytes):
    before = toy.metric("treering_model_rows_total")
    with toy.plain() as connection:
        connection.sendall(b"POST /do HTTP/1.1\r\nhost: x\r\n" + head + b"\r\n\r\n{}\n" + request(b'{"smuggled": 1}'))
        connection.settimeout(5)
        said = b""
        try:
            while part := connection.recv(65536):
                said += part
        except TimeoutError:
            pass
    assert said.startswith(b"HTTP/1.1 400"), said
    assert b"smuggled" not in said
    assert toy.metric("treering_model_rows_total") == before


def test_a_client_that_asks_first_may_go_on(toy: Toy):
    with toy.plain() as connection:
        connection.sendall(request(b"", b"expect: 100-continue", length=b"content-length: 7"))
        assert connection.recv(100).startswith(b"HTTP/1.1 100")
        connection.sendall(b'{"x":1}')
        assert json.loads(answers(connection, 1)[0][2])["asked"] == {"x": 1}


def test_a_client_that_wants_to_close_is_closed(toy: Toy):
    with toy.plain() as connection:
        connection.sendall(request(b"{}", b"connection: close"))
        status, headers, _ = answers(connection, 1)[0]
        assert (status, headers["connection"]) == (200, "close")
        assert connection.recv(1) == b""


def test_old_http_is_understood(toy: Toy):
    with toy.plain() as connection:
        connection.sendall(b"POST /do HTTP/1.0\r\ncontent-length: 2\r\n\r\n{}")
        assert answers(connection, 1)[0][0] == 200
        assert connection.recv(1) == b""


@pytest.mark.parametrize(
    ("patience", "sent", "status"),
    [
        ({"head": 0.5}, b"POST /do HTTP/1.1\r\nhost: x\r\n", b"408"),
        ({"body": 0.5}, request(b"", length=b"content-length: 10"), b"408"),
        ({"body": 0.5}, request(b"", length=b"transfer-encoding: chunked") + b"5\r\nab", b"408"),
    ],
    ids=["head", "body", "chunked"],
)
def test_who_is_slow_to_send_is_told_so(start: Any, patience: Any, sent: bytes, status: bytes):
    toy = start({}, patience=patience)
    with toy.plain() as connection:
        connection.sendall(sent)
        assert status in connection.recv(100).split(b"\r\n")[0]
    assert toy.do().status == 200


def test_a_head_that_trickles_has_one_time_for_all_of_it(start: Any):
    toy = start({}, patience={"head": 1.0})
    with toy.plain() as connection:
        connection.settimeout(0.2)
        said = b""
        connection.sendall(b"POST /do HTTP/1.1\r\n")
        for number in range(100):
            try:
                connection.sendall(b"x-%d: y\r\n" % number)
                said = connection.recv(100)
                break
            except TimeoutError:
                continue
        assert b"408" in said


@pytest.mark.parametrize(
    ("how", "piece"), [(b"content-length: 100", b"x"), (b"transfer-encoding: chunked", b"1\r\nx\r\n")]
)
def test_a_body_that_trickles_has_one_time_for_all_of_it(start: Any, how: bytes, piece: bytes):
    toy = start({}, patience={"body": 1.0})
    with toy.plain() as connection:
        connection.settimeout(0.2)
        said = b""
        connection.sendall(request(b"", length=how))
        for _ in range(99):
            try:
                connection.sendall(piece)
                said = connection.recv(100)
                break
            except TimeoutError:
                continue
        assert b"408" in said


def test_who_does_not_read_is_cut_and_others_are_served(start: Any):
    toy = start({}, patience={"reader": 1.0})
    with toy.plain() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(request(b'{"do": "long", "bytes": 50000000}'))
        connection.recv(10)
        assert toy.do().status == 200
        # Sent into until it is cut: what was answered before may still come.
        with pytest.raises(OSError):  # noqa: PT011 -- which one is the system's affair
            for _ in range(1000):
                connection.sendall(b"x" * 1000)
                threading.Event().wait(0.02)


def test_a_head_without_end_is_refused(toy: Toy):
    with toy.plain() as connection:
        connection.sendall(b"POST /do HTTP/1.1\r\nx: " + b"y" * 100_000)
        assert answers(connection, 1)[0][0] in {400, 431}


def test_unknown_paths_and_methods_are_told(toy: Toy):
    gone = toy.post("/nowhere", {})
    assert (gone.status, gone.data[:5]) == (200, b"/nowh")  # the host's own application answers there
    wrong = toy.get("/do")
    assert (wrong.status, wrong.headers["allow"], wrong.json()["error_code"]) == (405, "POST", "METHOD_NOT_ALLOWED")
    assert toy.post("/ping", {}).status == 405
    assert toy.http.request("HEAD", toy.url + "/ping").status == 200


def test_documents_of_the_host_are_shown(toy: Toy):
    assert toy.get("/notes").data == b"noted"
    assert toy.get("/openapi.json").json() == {"openapi": "3.1.0"}


def test_answers_say_who_answered(toy: Toy):
    told = toy.post("/v2/models/toy/infer", {})
    assert told.json()["version"] == "1"
    assert (told.headers["x-treering-model"], told.headers["x-treering-version"]) == ("toy", "1")
    assert told.headers["x-treering-variant"]


def test_names_of_requests_that_are_none_are_replaced(toy: Toy):
    for name in ("a b", "x" * 200, "a/b"):
        assert toy.post("/do", {}, **{"x-request-id": name}).headers["x-request-id"] != name


def test_it_speaks_https(tmp_path: Path):
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "1",
    ]
    command += [
        "-subj",
        "/CN=localhost",
        "-addext",
        "subjectAltName=DNS:localhost",
        "-keyout",
        str(key),
        "-out",
        str(cert),
    ]
    subprocess.run(command, check=True, capture_output=True)
    where = Where("localhost", 0, str(cert), str(key))
    with (
        (tmp_path / "log").open("ab") as log,
        running(options_of({}, body=100_000), where, stderr=log, variables=toy_variables(tmp_path)) as server,
    ):
        assert server.url.startswith("https://localhost:")
        http = urllib3.PoolManager(ca_certs=str(cert), retries=False)
        for _ in range(3):
            assert http.request("POST", server.url + "/do", body=b'{"x": 1}').json()["asked"] == {"x": 1}
            assert http.request("GET", server.url + "/ready").status == 200
        assert http.request("POST", server.url + "/do", body=b"x" * 200_000).status == 413
        http.clear()


def test_who_asks_on_and_on_without_reading_does_not_make_the_server_grow(start: Any):
    toy = start({}, patience={"reader": 60.0})
    pid = toy.server.process.pid
    with toy.plain() as connection:
        connection.sendall(request(b'{"do": "long", "bytes": 1000000}') * 1000)
        while toy.metric("treering_model_rows_total") < 5:  # it is well under way
            assert toy.do().status == 200
        resident = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096
        assert resident < 200 << 20
        # What was asked for is answered when it is read, in order and whole.
        for status, _, body in answers(connection, 30):
            assert (status, len(body)) == (200, 1_000_000)


def test_a_known_head_does_not_let_a_long_body_in(start: Any):
    toy = start({}, body=1000)
    for _ in range(3):
        assert toy.post("/do", b"x" * 2000).status == 413
        assert toy.post("/do", b"x" * 999).status == 200


def test_the_slow_lane_works_again_after_an_answer_that_had_to_wait_for_its_reader(toy: Toy):
    with toy.plain() as connection:
        asked = b"POST /do HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n"
        body = b'{"do": "long", "bytes": 20000000}'
        for _ in range(3):
            connection.sendall(asked % (len(body), body))
            assert len(answers(connection, 1)[0][2]) == 20_000_000
            connection.sendall(request(body))
            assert len(answers(connection, 1)[0][2]) == 20_000_000


def test_a_head_that_grows_on_the_slow_lane_is_cut(toy: Toy):
    with toy.plain() as connection:
        connection.sendall(b"GET /ready HTTP/1.1\r\nhost: x\r\n\r\nGET /ready HTTP/1.1\r\nx: ")
        answers(connection, 1)
        with pytest.raises(OSError):  # noqa: PT011 -- which one is the system's affair
            for _ in range(100_000):
                connection.sendall(b"y" * 10_000)


def test_who_sends_no_more_is_answered_and_closed(toy: Toy, tmp_path: Path):
    gate = tmp_path / "gate"
    with toy.plain() as connection:
        connection.sendall(request(json.dumps({"do": "wait for", "file": str(gate)}).encode()))
        while toy.metric("treering_model_requests_in_flight") < 1:
            pass
        connection.shutdown(socket.SHUT_WR)
        toy.get("/ready")
        gate.touch()
        status, headers, _ = answers(connection, 1)[0]
        assert (status, headers["connection"]) == (200, "close")
        assert connection.recv(1) == b""
