"""What goes through to a host's own application: streams, failures, and web sockets."""

from __future__ import annotations

import base64
import hashlib
import os
import socket
import struct
import threading
from typing import Any

import pytest

from toy_servers import Toy

MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Socket:
    """A web socket of a client, as bytes."""

    def __init__(self, connection: socket.socket, *, more: bytes = b"") -> None:
        self.connection = connection
        key = base64.b64encode(os.urandom(16))
        connection.sendall(
            b"GET /ws HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
            b"sec-websocket-version: 13\r\nsec-websocket-key: " + key + b"\r\n" + more + b"\r\n"
        )
        self.stream = connection.makefile("rb")
        self.head = b""
        while not self.head.endswith(b"\r\n\r\n"):
            self.head += self.stream.readline()
        self.proof = base64.b64encode(hashlib.sha1(key + MAGIC).digest())

    def send(self, first: int, body: bytes, *, masked: bool = True) -> None:
        size = len(body)
        bit = 0x80 if masked else 0
        head = bytes([first])
        if size < 126:
            head += bytes([bit | size])
        elif size < 65536:
            head += bytes([bit | 126]) + struct.pack(">H", size)
        else:
            head += bytes([bit | 127]) + struct.pack(">Q", size)
        mask = os.urandom(4) if masked else b""
        sent = bytes(one ^ mask[place % 4] for place, one in enumerate(body)) if masked else body
        self.connection.sendall(head + mask + sent)

    def take(self) -> tuple[int, bytes]:
        first, size = self.stream.read(2)
        if size == 126:
            size = struct.unpack(">H", self.stream.read(2))[0]
        elif size == 127:
            size = struct.unpack(">Q", self.stream.read(8))[0]
        return first, self.stream.read(size)


def test_a_stream_comes_in_parts(toy: Toy):
    answer = toy.http.request("GET", toy.url + "/stream?2000", preload_content=False)
    assert answer.status == 200
    assert answer.headers["transfer-encoding"] == "chunked"
    assert answer.headers["x-request-id"]
    assert b"".join(answer.stream()) == b"".join(b"part %d\n" % number for number in range(2000))


def test_bodies_go_through_whole(toy: Toy):
    body = os.urandom(3_000_000)
    assert toy.post("/other", body).data == b"/other " + body


def test_a_failing_application_is_a_500_and_others_go_on(toy: Toy):
    assert toy.post("/fails", {}).status == 500
    assert toy.post("/other", b"x").data == b"/other x"


def test_a_client_that_reads_nothing_does_not_make_the_server_grow(toy: Toy):
    with toy.plain() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(b"GET /stream?1000000 HTTP/1.1\r\nhost: x\r\n\r\n")
        connection.recv(10)
        assert toy.get("/stream?5").data.endswith(b"part 4\n")


def test_half_an_answer_is_not_taken_for_a_whole_one(start: Any):
    toy = start({"tunnel": True})
    with toy.plain() as connection:
        connection.sendall(b"GET /half HTTP/1.1\r\nhost: x\r\n\r\n")
        said = b""
        while part := connection.recv(1000):
            said += part
    assert said.endswith(b"4\r\nhalf\r\n")  # and not the end of a chunked body
    assert toy.do(path="/once").status in {200, 503}


def test_a_web_socket_carries_texts_and_bytes(toy: Toy):
    with toy.plain() as connection:
        ws = Socket(connection, more=b"sec-websocket-protocol: one, two\r\n")
        assert ws.head.startswith(b"HTTP/1.1 101")
        assert ws.proof in ws.head
        assert b"sec-websocket-protocol: one" in ws.head
        for body in (b"hello", "gr\u00fc\u00df".encode() * 50, b"y" * 70_000):
            ws.send(0x81, body)
            assert ws.take() == (0x81, body)
        ws.send(0x82, b"\x00\xff")
        assert ws.take() == (0x82, b"\x00\xff")
        ws.send(0x01, b"in ")
        ws.send(0x89, b"are you there")  # between the parts of a message
        ws.send(0x80, b"parts")
        assert ws.take() == (0x8A, b"are you there")
        assert ws.take() == (0x81, b"in parts")
        ws.send(0x88, struct.pack(">H", 1000))
        assert ws.take() == (0x88, struct.pack(">H", 1000))
        assert connection.recv(1) == b""


@pytest.mark.parametrize(
    ("first", "body", "masked", "code"),
    [
        (0x81, b"plain", False, 1002), (0xC1, b"bits", True, 1002), (0x80, b"no beginning", True, 1002),
        (0x83, b"unknown", True, 1002), (0x81, b"\xff", True, 1007), (0x89, b"x" * 126, True, 1002),
        (0x09, b"parts", True, 1002), (0x88, b"x", True, 1002),
    ],
)  # fmt: skip
def test_what_is_no_web_sockets_ends_it(toy: Toy, first: int, body: bytes, masked: bool, code: int):
    with toy.plain() as connection:
        ws = Socket(connection)
        ws.send(first, body, masked=masked)
        kind, said = ws.take()
        assert (kind, struct.unpack(">H", said[:2])[0]) == (0x88, code)


def test_a_message_that_is_too_long_ends_it(toy: Toy):
    with toy.plain() as connection:
        ws = Socket(connection)
        connection.sendall(bytes([0x82, 0xFF]) + struct.pack(">Q", 1 << 40) + b"mask")
        assert ws.take()[1][:2] == struct.pack(">H", 1009)


@pytest.mark.parametrize("missing", [b"sec-websocket-key: no", b"sec-websocket-version: 8"])
def test_a_request_for_a_web_socket_that_is_none_is_refused(toy: Toy, missing: bytes):
    with toy.plain() as connection:
        connection.sendall(
            b"GET /ws HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: Upgrade\r\n" + missing + b"\r\n\r\n"
        )
        assert connection.recv(100).startswith(b"HTTP/1.1 400")


def test_a_web_socket_whose_worker_dies_is_closed_and_the_next_one_works(start: Any):
    toy = start({"tunnel": True})
    with toy.plain() as connection:
        ws = Socket(connection)
        ws.send(0x81, b"die")
        kind, _ = ws.take()
        assert kind == 0x88
    for _ in range(200):
        with toy.plain() as connection:
            ws = Socket(connection)
            if ws.head.startswith(b"HTTP/1.1 101"):
                ws.send(0x81, b"hello")
                assert ws.take() == (0x81, b"hello")
                return
        threading.Event().wait(0.05)
    pytest.fail("no worker came")


def test_a_host_in_the_servers_own_process_has_its_application(start: Any):
    toy = start({"tunnel": True}, workers=0)
    assert toy.get("/stream?3").data == b"part 0\npart 1\npart 2\n"
    assert toy.do().status == 200
    with toy.plain() as connection:
        ws = Socket(connection)
        ws.send(0x81, b"hello")
        assert ws.take() == (0x81, b"hello")
