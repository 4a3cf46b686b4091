"""A server whose artifacts lie in a bucket: through it, and beside it."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from emulators import moto
from networks import Network
from server_process import Launch, Server, wait_until
from treering.client.connect import connect
from treering.client.pieces import PIECE
from treering.client.transfers import download_tree, upload_tree
from treering.core.settings import Settings

pytestmark = pytest.mark.cloud

MIB = 1 << 20
API = "/api/2.0/mlflow"


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an S3 that has the bucket `things`."""
    with moto(tmp_path_factory.mktemp("moto")) as address:
        urllib.request.urlopen(urllib.request.Request(f"{address}/things", method="PUT"), timeout=30).close()
        yield address


@pytest.fixture
def place(bucket: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A new place in it, which this process and those that it starts have credentials for."""
    for name, value in (
        ("AWS_ACCESS_KEY_ID", "testing"),
        ("AWS_SECRET_ACCESS_KEY", "testing"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_ENDPOINT_URL_S3", bucket),
    ):
        monkeypatch.setenv(name, value)
    return f"s3://things/{uuid.uuid4().hex}/folder"


def test_files_go_through_the_server_into_a_bucket(place: str, launch: Launch, tmp_path: Path) -> None:
    server = launch("--port", "0", "--artifacts-destination", place).wait_ready()
    root = _root_of_new_run(server)
    assert root.startswith("mlflow-artifacts:/")
    assert sorted(_there_and_back(server, root, tmp_path)) == ["a b.bin", "large", "sub"]


def test_files_go_beside_the_server_into_a_bucket(place: str, launch: Launch, tmp_path: Path) -> None:
    server = launch("--port", "0", "--default-artifact-root", place).wait_ready()
    root = _root_of_new_run(server)
    assert root.startswith(place)
    assert sorted(_there_and_back(server, root, tmp_path)) == ["a b.bin", "large", "sub"]


LOGS_A_FILE = """
import sys, treering
treering.set_tracking_uri(sys.argv[1])
with treering.start_run(run_id=sys.argv[3]):
    treering.log_artifact(sys.argv[2], "kept")
"""
SYNC = "import sys; from treering.cli.main import main; sys.exit(main())"


@pytest.fixture
def network(bucket: str) -> Iterator[Network]:
    """Between the clients of a bucket and the bucket."""
    one = Network(urlsplit(bucket).port or 0)
    yield one
    one.close()


def _started(program: str, *arguments: str, network: Network, home: Path, **settings: str) -> subprocess.Popen[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TREERING_", "MLFLOW_"))}
    kept |= {"TREERING_HOME": str(home), "TREERING_CAPTURE": "off", "AWS_ENDPOINT_URL_S3": network.url, **settings}
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        env=kept, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def _ended(process: subprocess.Popen[str]) -> None:
    _, errors = process.communicate(timeout=240)
    assert process.returncode == 0, errors


def _stored(server: Server, root: str, folder: Path) -> str:
    services = connect(Settings(tracking_uri=server.url), folder / "reader")
    try:
        got = download_tree(services, f"{root}/kept", folder / "got")
        return hashlib.sha256((got / "large.bin").read_bytes()).hexdigest()
    finally:
        services.close()


def test_a_client_that_is_killed_leaves_its_parts_in_the_bucket(
    place: str, network: Network, launch: Launch, tmp_path: Path
) -> None:
    server = launch("--port", "0", "--default-artifact-root", place).wait_ready()
    root = _root_of_new_run(server)
    run_id = root.rstrip("/").split("/")[-2]
    large = tmp_path / "large.bin"
    large.write_bytes(os.urandom(6 * PIECE + 1))
    arguments = (LOGS_A_FILE, server.url, str(large), run_id)
    network.cut_after(3 * PIECE + MIB)
    first = _started(*arguments, network=network, home=tmp_path / "client")
    wait_until(lambda: network.is_cut)
    first.send_signal(signal.SIGKILL)
    first.communicate(timeout=60)
    network.mend(broken=True)
    before = network.sent
    _ended(_started(*arguments, network=network, home=tmp_path / "client"))
    # Two parts may have been under way.
    assert network.sent - before < 5 * PIECE
    assert _stored(server, root, tmp_path) == hashlib.sha256(large.read_bytes()).hexdigest()


def test_a_bucket_that_is_away_gets_its_files_later(
    place: str, network: Network, launch: Launch, tmp_path: Path
) -> None:
    server = launch("--port", "0", "--default-artifact-root", place).wait_ready()
    root = _root_of_new_run(server)
    large = tmp_path / "large.bin"
    large.write_bytes(data := os.urandom(3 * PIECE + 1))
    arguments = (server.url, str(large), root.rstrip("/").split("/")[-2])
    network.drop(1_000_000, after=1)
    home = tmp_path / "client"
    _ended(_started(LOGS_A_FILE, *arguments, network=network, home=home, TREERING_HTTP_RETRIES="0"))
    # What was logged while it was away waits beside the journal, not in the bucket.
    large.unlink()
    network.drop(0, after=0)
    _ended(_started(SYNC, "sync", network=network, home=home))
    assert _stored(server, root, tmp_path) == hashlib.sha256(data).hexdigest()


def _root_of_new_run(server: Server) -> str:
    made = server.ask(f"{API}/runs/create", {"experiment_id": "0"})["run"]["info"]
    return str(made["artifact_uri"])


def _there_and_back(server: Server, root: str, folder: Path) -> list[str]:
    """Send a folder below `root`, fetch it again, compare; what the server says lies there."""
    sent = folder / "sent"
    # More than one part of what a bucket takes at a time, and nothing at all.
    for name, size in (("large", 17 * MIB + 1), ("a b.bin", 10), ("sub/empty", 0), ("sub/deep/er", 5)):
        (sent / name).parent.mkdir(parents=True, exist_ok=True)
        (sent / name).write_bytes(os.urandom(size))
    services = connect(Settings(tracking_uri=server.url), folder / "client")
    try:
        upload_tree(services.open_artifacts(root), sent, "")
        got = download_tree(services, root, folder / "got")
        names = {path.relative_to(sent) for path in sent.rglob("*") if path.is_file()}
        assert {path.relative_to(got) for path in got.rglob("*") if path.is_file()} == names
        assert all((got / name).read_bytes() == (sent / name).read_bytes() for name in names)
    finally:
        services.close()
    run_id = root.rstrip("/").split("/")[-2]
    return [item["path"] for item in server.ask(f"{API}/artifacts/list?run_id={run_id}")["files"]]
