"""Frames come out as they went in, however the socket cuts them."""

from __future__ import annotations

import socket
import threading
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from treering.serving.hosting import Answer, Call, Offer, Policy, Route
from treering.serving.workers import frames
from treering.serving.workers.frames import Answered, Ask, Frames, Reader, pack

CALL = Call(b"id", b"text/csv", b"a,b", ((b"x", b"y"),), b"q=1")
SENT: list[tuple[int, Any]] = [
    (frames.ASK, Ask(1, False, [("/a", [CALL, CALL]), ("/b", [CALL])])),
    (frames.ANSWERED, Answered(1, 0.5, [Answer(200, b"{}"), Answer(400, b"", b"", ((b"a", b"b"),), 3)])),
    (frames.HELLO, Offer((Route("POST", "/a", "l", "m", "1", ("h",)),), {"l": Policy(group=3)}, ({"name": "m"},), b"{}", {"/d": ("t", b"x")}, True)),
    (frames.EVENT, frames.Event(7, {"type": "http.request", "body": b"\x00" * 5000, "headers": [[b"a", b"b"]]})),
    (frames.FAILED, frames.Failure("CODE", "why", 500)),
]  # fmt: skip


@given(st.lists(st.integers(1, 4000), min_size=1, max_size=30))
def test_the_front_puts_pieces_together(sizes: list[int]):
    whole = b"".join(pack(kind, body) for kind, body in SENT)
    reader, found, at = Frames(), [], 0
    for size in [*sizes, len(whole)]:
        found += list(reader.feed(bytes(whole[at : at + size])))
        at += size
    assert found == SENT


def test_a_worker_reads_small_and_large_frames_in_turn():
    ours, its = socket.socketpair()
    large = Ask(2, True, [("/a", [CALL._replace(body=b"z" * 700_000)])])
    sent = [*SENT, (frames.ASK, large), *SENT, (frames.ASK, large), (frames.ASK, large)] * 5

    def send() -> None:
        with ours:
            for kind, body in sent:
                ours.sendall(pack(kind, body))

    thread = threading.Thread(target=send)
    thread.start()
    with its:
        reader = Reader(its)
        found = []
        while (one := reader.frame()) is not None:
            found.append(one)
    thread.join()
    assert found == sent


def test_a_frame_that_is_cut_off_is_no_frame():
    for cut in (3, 20):
        ours, its = socket.socketpair()
        with its:
            with ours:
                ours.sendall(pack(frames.ASK, SENT[0][1])[:cut])
            assert Reader(its).frame() is None
