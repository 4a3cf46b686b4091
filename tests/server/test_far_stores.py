"""A server whose artifacts lie in a bucket: through it, and beside it."""

from __future__ import annotations

import os
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulators import moto
from server_process import Launch, Server
from treering.client.connect import connect
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
