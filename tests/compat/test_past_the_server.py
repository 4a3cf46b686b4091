"""MLflow's own client sends parts to the artifact store, and fetches from it, at addresses that the server signs."""

from __future__ import annotations

import json
import os
import subprocess
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from emulators import moto

pytestmark = [pytest.mark.peer, pytest.mark.cloud]

Serve = Callable[..., AbstractContextManager[str]]

SCRIPT = Path(__file__).parent / "scripts" / "past_the_server.py"
ASKED = {
    "MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE": str(5 << 20),
    "MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE": str(6 << 20),
    "MLFLOW_MULTIPART_DOWNLOAD_CHUNK_SIZE": str(5 << 20),
}
FORCED = {"MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD": "true", "MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD": "true"}


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an S3 that has the bucket `things`."""
    with moto(tmp_path_factory.mktemp("moto")) as address:
        urllib.request.urlopen(urllib.request.Request(f"{address}/things", method="PUT"), timeout=30).close()
        yield address


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """For the server; clients have none."""
    for name, value in (
        ("AWS_ACCESS_KEY_ID", "testing"),
        ("AWS_SECRET_ACCESS_KEY", "testing"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ):
        monkeypatch.setenv(name, value)


def run(python: Path, address: str, folder: Path, **asked: str) -> subprocess.CompletedProcess[str]:
    known = {"HOME": str(folder), "PATH": os.environ["PATH"], "DO_NOT_TRACK": "1", "MLFLOW_TRACKING_URI": address}
    known |= {"MLFLOW_DISABLE_TELEMETRY": "true"}
    for _ in range(3):
        done = subprocess.run(
            [str(python), str(SCRIPT), str(folder)],
            env=known | ASKED | asked, cwd=folder, capture_output=True, text=True, check=False, timeout=900,
        )  # fmt: skip
        # A thread of MLflow's own takes this from the environment while another goes through it.
        if "KeyError: '_MLFLOW_TELEMETRY_SESSION_ID'" not in done.stderr:
            break
    return done


@pytest.mark.usefixtures("credentials")
def test_a_client_learns_from_the_server_that_it_can(bucket: str, python_3: Path, tmp_path: Path, serve: Serve) -> None:
    place = f"s3://things/{uuid.uuid4().hex}/kept"
    settings = {"artifacts_destination": place, "s3_endpoint_url": bucket, "direct_artifacts": "true"}
    with serve(tmp_path / "home", **settings) as address:
        with urllib.request.urlopen(f"{address}/api/3.0/mlflow/server-info", timeout=30) as answer:
            info = json.load(answer)
        assert info["multipart_uploads_enabled"]
        assert info["multipart_downloads_enabled"]
        done = run(python_3, address, tmp_path)
        assert done.returncode == 0, done.stderr


@pytest.mark.usefixtures("credentials")
def test_a_client_is_told_by_its_user(bucket: str, python_3: Path, tmp_path: Path, serve: Serve) -> None:
    place = f"s3://things/{uuid.uuid4().hex}"
    with serve(tmp_path / "home", artifacts_destination=place, s3_endpoint_url=bucket) as address:
        done = run(python_3, address, tmp_path, **FORCED)
        assert done.returncode == 0, done.stderr


def test_a_store_without_addresses_makes_the_client_go_through_the_server(
    python_3: Path, tmp_path: Path, serve: Serve
) -> None:
    with serve(tmp_path / "home") as address:
        done = run(python_3, address, tmp_path, **FORCED)
    # The files came, but not one part went past the server.
    assert "AssertionError: 0" in done.stderr, done.stderr
