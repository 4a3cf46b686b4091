"""HDFS keeps the promises of artifact stores, over WebHDFS."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from treering.core.errors import InvalidInput, PermissionDenied, Unavailable
from treering.storage.objects import STORES
from treering.storage.objects.base import CHUNK_SIZE, ObjectStore
from treering.testing.objects import ObjectStoreSuite
from webhdfs import Cluster, cluster

MIB = 1 << 20


@pytest.fixture(scope="module")
def hadoop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("hdfs")) as made:
        yield made


@pytest.fixture(params=["name node", "HttpFS"])
def either(request: pytest.FixtureRequest, hadoop: Cluster) -> Cluster:
    hadoop.options = request.param == "name node"
    return hadoop


class TestHdfs(ObjectStoreSuite):
    @pytest.fixture
    def store(self, either: Cluster) -> ObjectStore:
        address = either.url.replace("http:", "webhdfs:")
        return STORES.load("webhdfs")(f"{address}/{uuid.uuid4().hex}/a%20folder")

    def test_bytes_go_to_the_data_node_and_come_in_chunks(self, store: ObjectStore) -> None:
        data = os.urandom(5 * MIB + 3)
        assert store.write("large", (data[at : at + 100_000] for at in range(0, len(data), 100_000))) == len(data)
        chunks = list(store.read("large"))
        assert max(map(len, chunks)) <= CHUNK_SIZE
        assert b"".join(chunks) == data
        assert b"".join(store.read("large", 3 * MIB - 1, 7)) == data[3 * MIB - 1 : 3 * MIB + 6]


def test_an_address_of_hadoop_finds_its_http_port_in_the_settings(
    hadoop: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    hadoop.users.clear()
    monkeypatch.setenv("TREERING_WEBHDFS_URL", hadoop.url)
    monkeypatch.setenv("HADOOP_USER_NAME", "grace")
    store = STORES.load("hdfs")(f"hdfs://name-node:8020/{uuid.uuid4().hex}")
    assert store.uri.startswith("hdfs://name-node:8020/")
    store.write("x", [b"1"])
    assert b"".join(store.read("x")) == b"1"
    assert hadoop.users == {"grace"}


def test_an_address_without_a_machine_is_refused() -> None:
    with pytest.raises(InvalidInput, match="TREERING_WEBHDFS_URL"):
        STORES.load("hdfs")("hdfs:///x")


def test_a_name_node_in_trouble_is_asked_again(hadoop: Cluster) -> None:
    store = STORES.load("webhdfs")(f"{hadoop.url.replace('http:', 'webhdfs:')}/{uuid.uuid4().hex}")
    for act in (
        lambda: store.write("x", [b"1"]),
        lambda: store.write("x", iter([b"1"])),
        lambda: b"".join(store.read("x")),
        store.list,
        lambda: store.delete("x"),
    ):
        hadoop.trouble = ["StandbyException", "SafeModeException"]
        act()
        assert not hadoop.trouble


def test_what_will_not_pass_is_told_at_once(hadoop: Cluster) -> None:
    store = STORES.load("webhdfs")(f"{hadoop.url.replace('http:', 'webhdfs:')}/{uuid.uuid4().hex}")
    hadoop.trouble = ["AccessControlException"]
    with pytest.raises(PermissionDenied, match="TREERING_HDFS_USER"):
        store.list()


def test_patience_ends(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TREERING_HTTP_RETRIES", "1")
    with cluster(tmp_path) as gone:
        address = gone.url.replace("http:", "webhdfs:")
    store = STORES.load("webhdfs")(f"{address}/x")
    for act in (store.list, lambda: store.write("x", [b"1"]), lambda: store.read("x")):
        with pytest.raises(Unavailable, match="cannot be reached"):
            act()
