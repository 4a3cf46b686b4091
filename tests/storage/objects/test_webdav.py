"""WebDAV keeps the promises of artifact stores, whoever asks and in whichever way."""

from __future__ import annotations

import os
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from networks import Network
from treering.core.errors import (
    InvalidInput,
    NotSupported,
    PermissionDenied,
    StorageFull,
    TreeringError,
    Unauthenticated,
    Unavailable,
)
from treering.storage.objects import STORES, open_store
from treering.storage.objects.base import CHUNK_SIZE, Direct, ObjectStore
from treering.testing.objects import ObjectStoreSuite
from webdav_server import Share, share

MIB = 1 << 20


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Share]:
    folder = tmp_path / "shared"
    folder.mkdir()
    with share(folder) as made:
        yield made


class TestWebdav(ObjectStoreSuite):
    @pytest.fixture
    def store(self, server: Share) -> ObjectStore:
        return STORES.load("webdav")(f"{server.webdav}/{uuid.uuid4().hex}/a%20folder")

    @pytest.mark.parametrize("ranges", [True, False])
    def test_parts_are_read_from_servers_that_know_ranges_and_others(
        self, store: ObjectStore, server: Share, ranges: bool
    ) -> None:
        server.ranges = ranges
        data = os.urandom(3 * MIB + 3)
        store.write("large", (data[at : at + 100_000] for at in range(0, len(data), 100_000)))
        chunks = list(store.read("large"))
        assert max(map(len, chunks)) <= CHUNK_SIZE
        assert b"".join(chunks) == data
        assert b"".join(store.read("large", 2 * MIB - 1, 7)) == data[2 * MIB - 1 : 2 * MIB + 6]

    def test_a_name_that_tells_its_contents_costs_three_requests(self, store: Any, server: Share) -> None:
        assert isinstance(store, Direct)
        store.put("files/md5/aa/1", [b"1"])
        server.asked.clear()
        store.put("files/md5/aa/2", [b"2"])
        assert server.asked == ["PUT", "PROPFIND", "MOVE"]
        assert store.exists("files/md5/aa/2")
        assert not store.exists("files/md5/aa/3")
        assert not store.exists("files/md5/aa")

    def test_a_folder_that_somebody_removed_is_made_again(self, store: Any) -> None:
        store.put("files/md5/aa/1", [b"1"])
        store.delete("files")
        store.put("files/md5/aa/2", [b"2"])
        assert [info.path for info in store.walk()] == ["files/md5/aa/2"]


WAYS: list[tuple[str, dict[str, Any]]] = [
    ("basic", {"user": "ada", "password": "p@ss:/word"}),
    ("basic", {"auth": "basic", "user": "ada", "password": "p@ss:/word"}),
    ("digest", {"auth": "digest", "user": "ada", "password": "p@ss:/word"}),
    ("bearer", {"token": "t1"}),
    ("header", {"auth": "header", "header": "X-Secret", "password": "p@ss:/word"}),
]


@pytest.mark.parametrize(("way", "options"), WAYS)
def test_who_asks_is_told_in_the_way_that_the_server_wants(server: Share, way: str, options: dict[str, Any]) -> None:
    server.way, server.tokens = way, {"t1"}
    with pytest.raises(Unauthenticated, match="password or token"):
        open_store(f"{server.webdav}/x").list()
    wrong = {name: "wrong" if name in {"password", "token"} else value for name, value in options.items()}
    with pytest.raises(Unauthenticated):
        open_store(f"{server.webdav}/x", wrong).list()
    store = open_store(f"{server.webdav}/x", options)
    store.write("a/b", iter([b"once", b" only"]))
    assert b"".join(store.read("a/b")) == b"once only"
    assert store.delete("a") == 1


def test_a_user_in_the_address_is_not_shown(server: Share) -> None:
    server.way = "basic"
    store = open_store(f"{server.webdav.replace('://', '://ada:p%40ss%3A%2Fword@')}/x")
    store.write("a", [b"1"])
    assert "word" not in store.uri
    server.trouble = [403]
    with pytest.raises(PermissionDenied) as caught:
        store.list()
    assert "word" not in str(caught.value)


def test_a_command_tells_the_token_and_is_asked_again_when_that_is_old(server: Share, tmp_path: Path) -> None:
    server.way, server.tokens = "bearer", {"first"}
    said = tmp_path / "token"
    said.write_text("first\n")
    program = tmp_path / "tell.py"
    program.write_text(f"print(open({str(said)!r}).read())")
    store = open_store(f"{server.webdav}/x", {"token_command": f"{sys.executable} {program}"})
    store.write("a", [b"1"])
    server.tokens = {"second"}
    said.write_text("second")
    assert b"".join(store.read("a")) == b"1"
    program.write_text("raise SystemExit('not signed in')")
    server.tokens = {"third"}
    with pytest.raises(Unauthenticated, match="not signed in"):
        store.list()


def test_a_server_in_trouble_is_asked_again(server: Share) -> None:
    store = open_store(f"{server.webdav}/x")
    for act in (
        lambda: store.write("x", [b"1"]),
        lambda: b"".join(store.read("x")),
        store.list,
        lambda: store.delete("x"),
    ):
        server.trouble = [503, 423]
        act()
        assert not server.trouble


@pytest.mark.parametrize(("status", "kind"), [(507, StorageFull), (403, PermissionDenied), (414, InvalidInput)])
def test_what_will_not_pass_is_told_at_once(server: Share, status: int, kind: type[TreeringError]) -> None:
    store = open_store(f"{server.webdav}/x")
    store.write("x", [b"1"])
    server.trouble = [status]
    with pytest.raises(kind):
        store.write("x", [b"2"])
    assert b"".join(store.read("x")) == b"1"


def test_connections_that_break_cost_only_time(server: Share) -> None:
    network = Network(int(server.url.rpartition(":")[2]))
    try:
        store = open_store(f"webdav://127.0.0.1:{network.port}/x")
        block = os.urandom(MIB)
        network.drop(2, after=MIB)
        assert store.write("large", [block] * 4) == 4 * MIB
        network.drop(2, after=MIB)
        assert b"".join(store.read("large")) == block * 4
        assert network.drops == 0
    finally:
        network.close()


def test_a_server_that_is_no_webdav_is_named(server: Share) -> None:
    server.trouble = [200]
    with pytest.raises(InvalidInput, match="does not answer as WebDAV"):
        open_store(f"{server.webdav}/x").list()


def test_options_that_nobody_knows_are_named(server: Share) -> None:
    with pytest.raises(InvalidInput, match=r"'colour'.*token_command"):
        open_store(f"{server.webdav}/x", {"colour": "red"})
    with pytest.raises(InvalidInput, match=r"connections .* 'many', where int is needed"):
        open_store(f"{server.webdav}/x", {"connections": "many"})
    with pytest.raises(InvalidInput, match=r"header authentication .* needs header"):
        open_store(f"{server.webdav}/x", {"auth": "header", "password": "x"})
    with pytest.raises(NotSupported, match="'kerberos'"):
        open_store(f"{server.webdav}/x", {"auth": "kerberos"})
    with pytest.raises(InvalidInput, match="names no machine"):
        open_store("webdav:///x")
    with pytest.raises(InvalidInput, match="can be told: none"):
        open_store("memory://x", {"user": "ada"})


class TestHttpThatTakesFiles:
    """A web server that takes files in the way that it was said."""

    @pytest.mark.parametrize("method", ["PUT", "post"])
    @pytest.mark.parametrize(("way", "options"), [("", {}), *WAYS])
    def test_files_are_sent(self, server: Share, method: str, way: str, options: dict[str, Any]) -> None:
        server.way, server.tokens = way, {"t1"}
        (server.folder / "x").mkdir()
        store = open_store(f"{server.url}/x", {"method": method, **options})
        assert store.write("small", [b"1", b"2"]) == 2
        block = os.urandom(MIB)
        assert store.write("large", [block] * 11) == 11 * MIB
        assert b"".join(store.read("small")) == b"12"
        assert b"".join(store.read("large")) == block * 11
        assert (server.folder / "x" / "large").stat().st_size == 11 * MIB

    def test_what_a_server_does_not_take_is_told(self, server: Share) -> None:
        store = open_store(f"{server.url}", {"method": "PATCH"})
        with pytest.raises(NotSupported, match="501"):
            store.write("x", [b"1"])
        with pytest.raises(NotSupported, match="read only"):
            open_store(server.url).write("x", [b"1"])
        with pytest.raises(NotSupported, match="read only"):
            store.delete("x")

    def test_the_password_does_not_go_where_an_answer_sends_one_on(self, server: Share, tmp_path: Path) -> None:
        (tmp_path / "other").mkdir()
        with share(tmp_path / "other") as other:
            other.way = "header"
            (other.folder / "x").write_bytes(b"1")
            server.trouble = [302]
            store = open_store(server.url, {"header": "X-Secret", "password": other.password})
            server.moved = f"{other.url}/x"
            with pytest.raises(Unauthenticated):
                store.read("x")


def test_patience_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TREERING_HTTP_RETRIES", "1")
    store = open_store("webdav://127.0.0.1:9/x")
    for act in (store.list, lambda: store.write("x", [b"1"]), lambda: store.read("x")):
        with pytest.raises(Unavailable, match="cannot be reached"):
            act()
