"""Receivers that want to harm who sends: slow ones, ones that lead elsewhere, names that change; and very many."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from treering.core.uri import scheme_of
from treering.entities.webhook import MessageState, NewWebhook, WebhookAction, WebhookEntity, WebhookEvent
from treering.registry.addresses import Addresses, Target
from treering.registry.base import ModelRegistry
from treering.registry.delivering import Deliverer, Terms
from treering.registry.sending import send
from treering.registry.service import open_registry
from treering.registry.webhooks import Means
from treering.storage.metadata import METADATA
from treering.storage.metadata.base import MetadataStore
from treering.tracking.service import open_tracking

ANYWHERE = Addresses(("http", "https"), private=True)
MADE = WebhookEvent(WebhookEntity.REGISTERED_MODEL, WebhookAction.CREATED)
_OUTSIDE, _INSIDE = "93.184.216.34", "127.0.0.1"


@contextmanager
def answering(answer: Callable[[socket.socket], None]) -> Iterator[Target]:
    """A receiver that does to its connections, one after another, what `answer` does; as long as the block runs."""
    with closing(socket.create_server((_INSIDE, 0))) as server:
        port = server.getsockname()[1]

        def serve() -> None:
            with suppress(OSError):  # closed by the test, or the other side went away
                while True:
                    line, _ = server.accept()
                    with line, suppress(OSError):
                        answer(line)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield Target("http", _INSIDE, port, _INSIDE, "/hook")
        server.shutdown(socket.SHUT_RDWR)
    thread.join(30)


def read_request(line: socket.socket) -> None:
    got = b""
    while not got.endswith(b"{}"):
        got += line.recv(4096)


def trickle(line: socket.socket, text: bytes) -> None:
    """Byte by byte, and then the last one for ever: until the other side has enough."""
    gone = threading.Event()
    for byte in text:
        line.sendall(bytes([byte]))
    while not gone.wait(0.01):
        line.sendall(text[-1:])


@pytest.fixture
def store() -> Iterator[MetadataStore]:
    opened = METADATA.load("memory")("memory://")
    yield opened
    opened.database.close()


@pytest.fixture
def registry(store: MetadataStore) -> ModelRegistry:
    return open_registry(store, open_tracking(store, "memory://artifacts"), Means(ANYWHERE), lambda: "ann")


@pytest.mark.parametrize("sent", [b"HTTP/1.1 2", b"HTTP/1.1 200 OK\r\nx-long: a", b"HTTP/1.1 100 Go on\r\n\r\nH"])
def test_a_receiver_that_answers_byte_by_byte_is_cut_off(sent: bytes) -> None:
    def answer(line: socket.socket) -> None:
        read_request(line)
        trickle(line, sent)

    with answering(answer) as target:
        reply = send(target, b"{}", {}, 0.5)
    assert (reply.success, reply.response_status) == (False, None)
    assert reply.error == "No answer came from 127.0.0.1 within 0.5 seconds."


def test_what_follows_the_status_slowly_takes_nothing_away_from_it() -> None:
    def answer(line: socket.socket) -> None:
        read_request(line)
        trickle(line, b"HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\nthanks!")

    with answering(answer) as target:
        reply = send(target, b"{}", {}, 0.5)
    assert (reply.success, reply.response_status) == (True, 200)
    assert reply.response_body.startswith("thanks!")


def test_a_receiver_that_never_shakes_hands_is_cut_off() -> None:
    asked = threading.Event()

    def answer(line: socket.socket) -> None:
        line.recv(4096)
        asked.set()
        while line.recv(4096):
            pass

    with answering(answer) as target:
        reply = send(Target("https", "example.org", target.port, _INSIDE, "/"), b"{}", {}, 0.5)
    assert asked.is_set()
    assert reply.error == "No answer came from example.org within 0.5 seconds."


@pytest.mark.parametrize("said", [b"", b"\0\xff" * 9, b"HTTP/9.9 abc\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"x" * 99_999])
def test_nonsense_is_told_as_no_answer(said: bytes) -> None:
    def answer(line: socket.socket) -> None:
        read_request(line)
        line.sendall(said)

    with answering(answer) as target:
        reply = send(target, b"{}", {}, 30)
    assert not reply.success
    assert reply.error == "No answer came from 127.0.0.1: it does not speak HTTP."


def test_odd_paths_and_names_are_written_as_http_has_them() -> None:
    got: list[bytes] = []

    def answer(line: socket.socket) -> None:
        got.append(line.recv(65536))
        line.sendall(b"HTTP/1.1 204 Nothing\r\n\r\n")

    with answering(answer) as target:
        found = ANYWHERE.target(f"http://localhost:{target.port}/ä/%20?q=ł&x={chr(0x7F)}")
        host = Target(found.scheme, "xn--bcher-kva.example", found.port, _INSIDE, found.path)
        assert send(host, b"{}", {}, 30).success
    first, *others = got[0].split(b"\r\n")
    assert first == b"POST /%C3%A4/%20?q=%C5%82&x=%7F HTTP/1.1"
    assert f"Host: xn--bcher-kva.example:{target.port}".encode() in others


def test_a_redirect_to_the_inside_is_not_followed_and_the_message_waits(
    store: MetadataStore, registry: ModelRegistry
) -> None:
    led: list[bytes] = []

    def inside(line: socket.socket) -> None:
        led.append(line.recv(1))

    with answering(inside) as secret:

        def answer(line: socket.socket) -> None:
            line.recv(65536)
            to = f"http://{_INSIDE}:{secret.port}/latest/meta-data".encode()
            line.sendall(b"HTTP/1.1 307 There\r\ncontent-length: 0\r\nlocation: " + to + b"\r\n\r\n")

        with answering(answer) as target:
            made = registry.webhooks.create(NewWebhook("hook", f"http://{_INSIDE}:{target.port}/", [MADE]))
            registry.models.create("m")
            report = Deliverer(store.webhooks, store.outbox, ANYWHERE, terms=Terms(retries=1)).deliver()
    assert (report.failed, report.delivered, led) == (1, 0, [])
    [message] = registry.webhooks.deliveries(made.webhook_id).items
    assert (message.state, message.response_status) == (MessageState.PENDING, 307)
    assert "Redirects are not followed" in message.error


def test_a_name_that_leads_inside_by_the_time_it_is_used_is_refused(
    store: MetadataStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And where it is allowed, the connection goes to what was looked at: the name is looked up once."""
    answers = [_OUTSIDE, _INSIDE]
    plain = socket.getaddrinfo

    def lookup(host: str, *rest: Any, **more: Any) -> Any:
        return plain(answers.pop(0) if host == "moving.example" else host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    strict = Addresses(("http",))
    registry = open_registry(store, open_tracking(store, "memory://artifacts"), Means(strict), lambda: "ann")
    made = registry.webhooks.create(NewWebhook("hook", "http://moving.example/", [MADE]))
    registry.models.create("m")
    assert registry.webhooks.deliver().dead == 1
    [message] = registry.webhooks.deliveries(made.webhook_id).items
    assert "not a public address" in message.error
    answers += [_OUTSIDE, _INSIDE]
    assert strict.target("http://moving.example/").ip == _OUTSIDE
    assert answers == [_INSIDE]


def test_a_thousand_webhooks_are_told_of_one_event_once_each(database_uri: str) -> None:
    got: list[str] = []
    done = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(204)
            self.send_header("connection", "close")
            self.end_headers()
            got.append(self.path)
            if len(got) == 1000:
                done.set()

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    class Server(ThreadingHTTPServer):
        request_queue_size = 64
        daemon_threads = True

    store = METADATA.load(scheme_of(database_uri))(database_uri)
    registry = open_registry(store, open_tracking(store, "memory://artifacts"), Means(ANYWHERE), lambda: "ann")
    with Server((_INSIDE, 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        for number in range(1000):
            url = f"http://{_INSIDE}:{server.server_port}/{number}"
            registry.webhooks.create(NewWebhook(f"hook-{number}", url, [MADE]))
        registry.models.create("m")
        stop = threading.Event()
        # One look at what waits starts them all: whoever is done with one goes on with the next.
        keeping = threading.Thread(target=Deliverer(store.webhooks, store.outbox, ANYWHERE).keep, args=(stop, 0.1))
        keeping.start()
        assert done.wait(300)
        stop.set()
        keeping.join(60)
        server.shutdown()
        thread.join(30)
    assert sorted(map(int, (path[1:] for path in got))) == list(range(1000))
    assert store.outbox.messages("", MessageState.PENDING, 0, 10) == []
    store.database.close()
