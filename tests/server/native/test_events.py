"""Pages are told of changes, whoever makes them, and hold nothing up."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import uvicorn

from server_process import PATIENCE, Launch, Server, wait_until
from treering.assembly import Services, open_services
from treering.core.settings import Settings
from treering.entities.run import LogBatch, NewRun
from treering.server.app import create_app
from treering.server.watcher import Watcher
from treering.serving.listening import Server as ServingServer
from treering.serving.ports import bind

Site = Any  # of conftest.py, which tests cannot import
Start = Callable[..., Site]


class Stream:
    """Events as they come; `next` gives up after a while."""

    def __init__(self, port: int, query: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        self._connection.request("GET", f"/api/v1/events?{query}", headers={"accept-encoding": "gzip"})
        self.answer = self._connection.getresponse()

    def next(self) -> tuple[str, dict[str, Any]]:
        """The next event's name and data."""
        name = ""
        while line := self.answer.readline():
            word, _, text = line.decode().rstrip("\n").partition(": ")
            if word == "event":
                name = text
            elif word == "data":
                return name, json.loads(text)
        return "end", {}

    def close(self) -> None:
        self.answer.close()
        self._connection.close()


@contextlib.contextmanager
def listening(where: Site | Server, query: str) -> Iterator[Stream]:
    port = urlsplit(where.url).port if isinstance(where, Server) else where.port
    assert port
    with contextlib.closing(Stream(port, query)) as stream:
        yield stream


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Services]:
    """Services on a database that counts changes."""
    home = tmp_path / "kept"
    opened = open_services(Settings(home=str(home)), home, proxied=True)
    yield opened
    opened.close()


@pytest.fixture
def live(start: Start, kept: Services) -> Site:
    return start(kept)


def new_experiment(services: Services) -> str:
    return services.tracking.experiments.create("watched").experiment_id


def test_a_page_is_told_of_a_change_and_of_nothing_else(live: Site, kept: Services) -> None:
    watched, other = new_experiment(kept), "0"
    with listening(live, f"experiment_ids={watched},99") as stream:
        headers = {name.lower(): value for name, value in stream.answer.getheaders()}
        assert (stream.answer.status, headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
        assert (headers["cache-control"], headers["x-accel-buffering"]) == ("no-store", "no")
        assert "content-encoding" not in headers
        assert "x-request-id" in headers
        name, hello = stream.next()
        assert (name, hello["live"], list(hello["versions"])) == ("hello", True, [watched])
        kept.tracking.runs.create(NewRun(other))
        run_id = kept.tracking.runs.create(NewRun(watched)).info.run_id
        name, changed = stream.next()
        assert (name, changed["experiment_id"]) == ("changed", watched)
        assert changed["version"] != hello["versions"][watched]
        kept.tracking.runs.log([LogBatch(run_id, params={"a": "1"})])
        name, again = stream.next()
        assert (name, again["experiment_id"]) == ("changed", watched)
        assert again["version"] != changed["version"]


def test_several_pages_and_ways_to_name_experiments(live: Site, kept: Services) -> None:
    watched = new_experiment(kept)
    with (
        listening(live, f"experiment_ids=0&experiment_ids={watched}") as one,
        listening(live, f"experiment_ids={watched}") as two,
    ):
        assert list(one.next()[1]["versions"]) == ["0", watched]
        version = two.next()[1]["versions"][watched]
        kept.tracking.runs.create(NewRun(watched))
        told = one.next(), two.next()
        assert told[0] == told[1]
        assert told[0][1]["version"] != version


def test_an_experiment_that_comes_or_is_purged_changes(live: Site, kept: Services) -> None:
    watched = new_experiment(kept)
    coming = str(int(watched) + 1)
    with listening(live, f"experiment_ids={watched},{coming}") as stream:
        assert list(stream.next()[1]["versions"]) == [watched]
        assert kept.tracking.experiments.create("coming").experiment_id == coming
        assert stream.next()[1]["experiment_id"] == coming
        kept.tracking.experiments.delete(watched)
        kept.tracking.upkeep.purge_experiment(watched)
        told = stream.next()
        while told[1]["version"]:
            told = stream.next()
        assert told == ("changed", {"experiment_id": watched, "version": ""})


def test_a_store_that_does_not_count_says_so(site: Site) -> None:
    with listening(site, "experiment_ids=0") as stream:
        assert stream.next() == ("hello", {"versions": {}, "live": False})


@pytest.mark.parametrize("query", ["", "experiment_ids=", "experiment_ids=" + ",".join(map(str, range(1001)))])
def test_it_must_be_said_whose_changes(live: Site, query: str) -> None:
    answer = live.ask("GET", f"/api/v1/events?{query}")
    assert answer.status == 400
    assert "experiment_ids" in answer.json()["message"]
    assert live.ask("HEAD", "/api/v1/events?experiment_ids=0").status == 200


def test_the_guard_stands_before_it(launch: Launch) -> None:
    server = launch("--port", "0").wait_ready()
    address = urlsplit(server.url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=PATIENCE)
    with contextlib.closing(connection):
        connection.request("GET", "/api/v1/events?experiment_ids=0", headers={"host": "evil.example"})
        assert connection.getresponse().status == 403


def test_only_so_many_may_listen(start: Start, kept: Services) -> None:
    site = start(kept, watcher=Watcher(kept.versions, most=2))
    with listening(site, "experiment_ids=0") as one, listening(site, "experiment_ids=0") as two:
        assert (one.next()[0], two.next()[0]) == ("hello", "hello")
        refused = site.ask("GET", "/api/v1/events?experiment_ids=0")
        assert refused.status == 503
        assert "2 pages listen for changes already" in refused.json()["message"]
    wait_until(lambda: hears(site))  # those who left make room


def hears(where: Site | Server) -> bool:
    with listening(where, "experiment_ids=0") as stream:
        return stream.answer.status == 200 and stream.next()[0] == "hello"


def test_a_page_that_reads_nothing_holds_nothing_up(kept: Services) -> None:
    """Far more is said to it than all buffers hold; others hear all the same, and the server can end."""
    names = [str(number) for number in range(1000)]
    rounds = itertools.count()

    def versions(experiment_ids: Sequence[str]) -> dict[str, str]:
        version = str(next(rounds)) * 50
        return dict.fromkeys(experiment_ids, version)

    watcher = Watcher(versions, period=0.001)
    app = create_app(kept, watcher=watcher)
    config = uvicorn.Config(app, log_config=None, lifespan="on", ws="none", timeout_graceful_shutdown=1)
    with bind("127.0.0.1", 0) as listener, contextlib.closing(socket.socket()) as deaf:
        server = ServingServer(config, lambda: None, app.end_streams)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect(listener.getsockname())
        query = f"experiment_ids={','.join(names)}"
        deaf.sendall(f"GET /api/v1/events?{query} HTTP/1.1\r\nhost: localhost\r\n\r\n".encode())
        try:
            with contextlib.closing(Stream(listener.getsockname()[1], query)) as stream:
                heard = 0
                # More than a system keeps for a connection, so that the deaf one has long been waited for.
                while heard < 20_000_000:
                    heard += len(stream.answer.read1(1 << 16))
                assert watcher.listeners == 2
        finally:
            server.should_exit = True
            thread.join(PATIENCE)
        assert not thread.is_alive()


def test_changes_by_another_process_are_told(launch: Launch) -> None:
    told_by = launch("--port", "0").wait_ready()
    changed_by = launch("--port", "0").wait_ready()
    with listening(told_by, "experiment_ids=0") as stream:
        version = stream.next()[1]["versions"]["0"]
        run_id = changed_by.ask("/api/v1/runs", {"experiment_id": "0"})["run_id"]
        first = stream.next()[1]["version"]
        point = {"key": "loss", "value": 1, "timestamp": 1, "step": 0}
        changed_by.ask("/api/2.0/mlflow/runs/log-batch", {"run_id": run_id, "metrics": [point]})
        second = stream.next()[1]["version"]
        assert len({version, first, second}) == 3


@pytest.mark.parametrize("workers", ["1", "2"])
def test_the_end_of_the_server_ends_all_streams_at_once(launch: Launch, workers: str) -> None:
    """Had it waited for them until its patience was over, it would have said so."""
    server = launch("--port", "0", "--workers", workers).wait_ready()
    with contextlib.ExitStack() as stack:
        streams = [stack.enter_context(listening(server, "experiment_ids=0")) for _ in range(5)]
        assert {stream.next()[0] for stream in streams} == {"hello"}
        server.ask("/api/v1/runs", {"experiment_id": "0"})
        assert {stream.next()[0] for stream in streams} == {"changed"}
        assert server.end(signal.SIGTERM) == (0, "")
        assert {stream.next()[0] for stream in streams} == {"end"}


KILLED = """
import socket, sys, time
held = []
for _ in range(100):
    one = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    one.sendall(b"GET /api/v1/events?experiment_ids=0 HTTP/1.1\\r\\nhost: localhost\\r\\n\\r\\n")
    while b"hello" not in one.recv(4096):
        pass
    held.append(one)
print("listening", flush=True)
time.sleep(600)
"""


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="/proc tells what a process holds")
def test_a_thousand_listeners_that_are_killed_leave_nothing_behind(launch: Launch) -> None:
    server = launch("--port", "0").wait_ready()
    place = Path(f"/proc/{server.process.pid}")
    port = str(urlsplit(server.url).port)
    assert hears(server)
    wait_until(lambda: sockets(place) <= 2)
    for _ in range(10):
        page = subprocess.Popen([sys.executable, "-c", KILLED, port], stdout=subprocess.PIPE)
        with page:
            assert page.stdout is not None
            assert page.stdout.readline() == b"listening\n"
            assert sockets(place) >= 100
            page.send_signal(signal.SIGKILL)
        wait_until(lambda: sockets(place) <= 2)
    assert len(list((place / "task").iterdir())) < 60
    assert hears(server)
    assert server.end(signal.SIGTERM) == (0, "")


def sockets(place: Path) -> int:
    """Connections of a process: sockets beyond those that it had before anybody connected."""
    count = 0
    for file in (place / "fd").iterdir():
        with contextlib.suppress(OSError):
            count += str(file.readlink()).startswith("socket:")
    return count - 2
