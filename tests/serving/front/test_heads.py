"""Which heads the fast lane takes, and that it understands them as a strict parser does."""

from __future__ import annotations

import pytest

from treering.serving.front.heads import Head, Heads
from treering.serving.front.lanes import Lane
from treering.serving.front.targets import Place, Target
from treering.serving.hosting import Policy, Route


@pytest.fixture
def heads() -> Heads:
    target = Target(Route("POST", "/do", "l"), Lane("l", Policy()), "/do")
    made = Heads(b"x-treering-key")
    made.rule({b"/do": Place("POST", "/do", (b"x-wanted",), [target])})
    return made


def _head(*lines: bytes, first: bytes = b"POST /do HTTP/1.1") -> bytes:
    return b"\r\n".join([first, b"Host: x", *lines]) + b"\r\n\r\n"


def test_an_ordinary_head_is_read_once(heads: Heads):
    raw = _head(b"Content-Length: 12", b"CONTENT-TYPE: text/csv", b"X-Wanted: yes")
    head = heads.read(raw)
    assert isinstance(head, Head)
    assert (head.length, head.content_type, head.headers, head.keep) == (
        12,
        b"text/csv",
        ((b"x-wanted", b"yes"),),
        True,
    )
    assert heads.get(raw) is head


@pytest.mark.parametrize(
    "raw",
    [
        _head(b"content-length: 1", first=b"GET /do HTTP/1.1"),
        _head(b"content-length: 1", first=b"POST /other HTTP/1.1"),
        _head(b"content-length: 1", first=b"POST /d%6f HTTP/1.1"),
        _head(b"content-length: 1", first=b"POST http://x/do HTTP/1.1"),
        _head(b"content-length: 1", first=b"POST /do HTTP/1.0"),
        _head(b"content-length: 1", first=b"POST /do HTTP/2.0"),
        _head(),
        _head(b"content-length: 1", b"content-length: 1"),
        _head(b"content-length: 1", b"Content-Length: 2"),
        _head(b"content-length: 1, 1"),
        _head(b"content-length: +1"),
        _head(b"content-length: 1_0"),
        _head(b"content-length: 99999999999999999999"),
        _head(b"content-length: "),
        _head(b"content-length : 1"),
        _head(b"transfer-encoding: chunked"),
        _head(b"content-length: 1", b"transfer-encoding: chunked"),
        _head(b"content-length: 1", b"Transfer-Encoding: x"),
        _head(b"content-length: 1", b"expect: 100-continue"),
        _head(b"content-length: 1", b"connection: upgrade", b"upgrade: websocket"),
        _head(b"content-length: 1", b"connection: close, x"),
        _head(b"content-length: 1", b"content-encoding: gzip"),
        _head(b"content-length: 1", b"host: y"),
        _head(b"content-length: 1\nx: y"),
        _head(b"content-length: 1", b"x: \x00"),
        _head(b"x: y\r\n folded", b"content-length: 1"),
        _head(b"no colon", b"content-length: 1"),
        b"POST /do HTTP/1.1\r\ncontent-length: 1\r\n\r\n",
        b"\r\n\r\n",
    ],
)
def test_anything_else_is_for_the_slow_lane(heads: Heads, raw: bytes):
    assert heads.read(raw) is None
    assert heads.get(raw) is None


def test_what_is_remembered_has_a_bound_and_names_of_requests_are_not(heads: Heads):
    named = _head(b"content-length: 1", b"x-request-id: abc")
    read = heads.read(named)
    assert read is not None
    assert read.request_id == b"abc"
    assert heads.get(named) is None
    for number in range(5000):
        heads.read(_head(b"content-length: %d" % number))
    assert len(heads._known) <= 2048


def test_other_paths_make_it_forget(heads: Heads):
    raw = _head(b"content-length: 1")
    heads.read(raw)
    heads.rule({})
    assert heads.get(raw) is None
    assert heads.read(raw) is None
