"""Connections to stores on other machines break off, and nobody notices but by the time that it takes."""

from __future__ import annotations

import os
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from emulators import AZURE_STRING, azurite, ftp, google, moto, openssh
from networks import Network
from treering.core.errors import Unavailable
from treering.storage.objects import STORES
from treering.storage.objects.base import ObjectStore
from webhdfs import cluster

MIB = 1 << 20


class Far:
    """A store behind networks that break: one for what is asked, and where it is another, one for the bytes."""

    def __init__(self, uri: str, *networks: Network) -> None:
        self.uri = uri
        self.store = self.opened_again()
        self.asking, self.bytes = networks[0], networks[-1]

    def opened_again(self) -> ObjectStore:
        return STORES.load(urlsplit(self.uri).scheme)(self.uri)


Opened = Callable[[ExitStack, Path, pytest.MonkeyPatch], Far]


def _network(stack: ExitStack, url: str) -> Network:
    made = Network(urlsplit(url).port or 0)
    stack.callback(made.close)
    return made


def _hdfs(stack: ExitStack, folder: Path, _: pytest.MonkeyPatch) -> Far:
    hadoop = stack.enter_context(cluster(folder))
    asking, data = _network(stack, hadoop.url), _network(stack, hadoop.data_url)
    hadoop.data_url = data.url
    return Far(f"webhdfs://127.0.0.1:{asking.port}/some/folder", asking, data)


def _s3(stack: ExitStack, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Far:
    address = stack.enter_context(moto(folder))
    urllib.request.urlopen(urllib.request.Request(f"{address}/things", method="PUT"), timeout=30).close()
    network = _network(stack, address)
    for name, value in (
        ("AWS_ACCESS_KEY_ID", "testing"),
        ("AWS_SECRET_ACCESS_KEY", "testing"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("TREERING_S3_ENDPOINT_URL", network.url),
    ):
        monkeypatch.setenv(name, value)
    return Far("s3://things/folder", network)


def _google(stack: ExitStack, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Far:
    address = stack.enter_context(google(folder))
    request = urllib.request.Request(
        f"{address}/storage/v1/b?project=x", b'{"name": "things"}', {"content-type": "application/json"}
    )
    urllib.request.urlopen(request, timeout=30).close()
    network = _network(stack, address)
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", network.url)
    return Far("gs://things/folder", network)


def _azure(stack: ExitStack, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Far:
    string = stack.enter_context(azurite(folder))
    with import_module("azure.storage.blob").BlobServiceClient.from_connection_string(string) as client:
        client.create_container("things").close()
    network = _network(stack, string.partition("BlobEndpoint=")[2])
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", AZURE_STRING.format(port=network.port))
    return Far("wasbs://things@devstoreaccount1.blob.core.windows.net/folder", network)


def _sftp(stack: ExitStack, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Far:
    server = stack.enter_context(openssh(folder))
    network = _network(stack, f"ssh://127.0.0.1:{server.port}")
    known = folder / "known_here"
    known.write_text(server.known_hosts.read_text().replace(f":{server.port} ", f":{network.port} "))
    monkeypatch.setenv("TREERING_SFTP_KNOWN_HOSTS", str(known))
    monkeypatch.setenv("TREERING_SFTP_KEY_FILE", str(server.key))
    uri = f"sftp://{server.user}@127.0.0.1:{network.port}{folder}/some/root"
    return Far(uri, network)


def _ftp(stack: ExitStack, folder: Path, _: pytest.MonkeyPatch) -> Far:
    port = stack.enter_context(ftp(folder))
    network = _network(stack, f"ftp://127.0.0.1:{port}")
    return Far(f"ftp://someone:p%40ss%3A%2Fword@127.0.0.1:{network.port}/folder", network)


@pytest.fixture(
    params=[
        pytest.param(_hdfs, id="hdfs"),
        pytest.param(_s3, id="s3", marks=pytest.mark.cloud),
        pytest.param(_google, id="google", marks=pytest.mark.cloud),
        pytest.param(_azure, id="azure", marks=pytest.mark.cloud),
        pytest.param(_sftp, id="sftp", marks=pytest.mark.cloud),
        pytest.param(_ftp, id="ftp", marks=pytest.mark.cloud),
    ]
)
def far(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Far]:
    opened: Opened = request.param
    with ExitStack() as stack:
        yield opened(stack, tmp_path, monkeypatch)


def test_broken_connections_cost_only_time(far: Far) -> None:
    store = far.store
    block = os.urandom(MIB)
    store.write("warm", [b"1"])
    # Google's emulator, unlike Google, refuses bytes that it has already when they come again.
    if not far.store.uri.startswith("gs:"):
        far.bytes.drop(2, after=MIB)
    assert store.write("a/large", [block] * 12) == 12 * MIB
    far.bytes.drop(2, after=MIB)
    assert b"".join(store.read("a/large")) == block * 12
    far.asking.drop(2, after=1)
    assert store.stat("a/large").size == 12 * MIB
    far.asking.drop(2, after=1)
    assert [info.path for info in store.walk()] == ["a/large", "warm"]
    far.asking.drop(2, after=1)
    assert store.write("small", [b"22"]) == 2
    assert b"".join(store.read("small", 1)) == b"2"
    far.asking.drop(2, after=1)
    assert store.delete("a") == 1
    assert far.asking.drops == 0
    assert [info.path for info in store.list()] == ["small", "warm"]


def test_a_network_that_never_mends_is_told(far: Far, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TREERING_HTTP_RETRIES", "1")
    store = far.opened_again()
    far.asking.drop(10_000, after=1)
    for act in (lambda: store.write("x", [b"1"]), lambda: next(store.read("x"))):
        with pytest.raises(Unavailable):
            act()


def test_a_web_server_that_hangs_up_is_asked_for_the_rest(tmp_path: Path) -> None:
    with cluster(tmp_path) as hadoop:
        # Its data node knows no ranges; what has come is left out when it comes again.
        (tmp_path / "x").write_bytes(data := os.urandom(5 * MIB))
        network = Network(urlsplit(hadoop.data_url).port or 0)
        try:
            store = STORES.load("http")(f"{network.url}?op=OPEN")
            network.drop(2, after=2 * MIB)
            assert b"".join(store.read("x")) == data
            assert network.drops == 0
            network.drop(1, after=MIB)
            assert b"".join(store.read("x", MIB + 1, 3 * MIB)) == data[MIB + 1 : 4 * MIB + 1]
        finally:
            network.close()
