"""A large file whose sending broke off goes on where it stopped, whoever was killed."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from networks import Network
from treering.client.connect import connect
from treering.client.pieces import PIECE, send_file
from treering.client.transfers import download_tree
from treering.core.errors import DamagedData, NotFound
from treering.core.settings import Settings
from treering.storage.journal.files import FileChunks
from treering.storage.objects.base import Resumable

MIB = 1 << 20
SIZE = 6 * PIECE + 12_345
# What three pieces take on the way, with what surrounds them.
HALF = 3 * PIECE + MIB

PROGRAM = """
import sys, treering
treering.set_tracking_uri(sys.argv[1])
with treering.start_run(run_id=sys.argv[3] if len(sys.argv) > 3 else None) as run:
    print(run.info.run_id, flush=True)
    treering.log_artifact(sys.argv[2], "kept")
"""


@pytest.fixture
def network(own_server: Any) -> Iterator[Network]:
    one = Network(own_server.port)
    yield one
    one.close()


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "large.bin"
    path.write_bytes(os.urandom(SIZE))
    return path


@pytest.fixture
def program(network: Network, large: Path, home: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts a program that logs the large file, to a new run or to one that is there."""
    started: list[subprocess.Popen[str]] = []

    def start(*more: str, **settings: str) -> subprocess.Popen[str]:
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("TREERING_", "MLFLOW_"))}
        kept |= {"TREERING_HOME": str(home), "TREERING_CAPTURE": "off", "TREERING_HTTP_TIMEOUT": "600", **settings}
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, network.url, str(large), *more],
            env=kept, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate(timeout=60)


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def ended(process: subprocess.Popen[str]) -> str:
    output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    return output.strip()


def arrived(url: str, run_id: str, folder: Path) -> str:
    services = connect(Settings(tracking_uri=url), folder)
    try:
        root = services.tracking.runs.get(run_id).info.artifact_uri
        got = download_tree(services, f"{root}/kept", folder / "got")
        assert [path.name for path in got.iterdir()] == ["large.bin"]
        return hashlib.sha256((got / "large.bin").read_bytes()).hexdigest()
    finally:
        services.close()


def test_the_client_is_killed(
    network: Network, large: Path, program: Callable[..., Any], own_server: Any, tmp_path: Path
) -> None:
    network.cut_after(HALF)
    first = program()
    until(lambda: network.is_cut)
    first.send_signal(signal.SIGKILL)
    run_id = first.communicate(timeout=60)[0].strip()
    network.mend(broken=True)
    before = network.sent
    ended(program(run_id))
    # Two pieces may have been under way.
    assert network.sent - before < SIZE - 2 * PIECE + MIB
    assert arrived(own_server.url, run_id, tmp_path) == hashlib.sha256(large.read_bytes()).hexdigest()


def test_the_server_is_killed(
    network: Network, large: Path, program: Callable[..., Any], own_server: Any, tmp_path: Path
) -> None:
    network.cut_after(HALF)
    sending = program()
    until(lambda: network.is_cut)
    own_server.stop(signal.SIGKILL)
    own_server.start()
    network.mend(broken=True)
    run_id = ended(sending)
    assert network.sent < SIZE + 3 * PIECE
    assert arrived(own_server.url, run_id, tmp_path) == hashlib.sha256(large.read_bytes()).hexdigest()


def test_the_server_stays_away_and_sync_sends_the_rest(
    network: Network, large: Path, program: Callable[..., Any], own_server: Any, tmp_path: Path, home: Path
) -> None:
    network.cut_after(HALF)
    sending = program(TREERING_HTTP_RETRIES="1")
    until(lambda: network.is_cut)
    own_server.stop(signal.SIGKILL)
    network.mend(broken=True)
    run_id = ended(sending)
    # The original may go: a copy waits.
    expected = hashlib.sha256(large.read_bytes()).hexdigest()
    large.unlink()
    own_server.start()
    before = network.sent
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("TREERING_", "MLFLOW_"))}
    subprocess.run(
        [sys.executable, "-c", "import sys; from treering.cli.main import main; sys.exit(main())", "sync"],
        env=kept | {"TREERING_HOME": str(home)}, capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    assert network.sent - before < SIZE - 2 * PIECE + MIB
    assert arrived(own_server.url, run_id, tmp_path) == expected


def test_pieces_of_another_file_are_not_used(start_server: Callable[..., Any], large: Path, tmp_path: Path) -> None:
    services = connect(Settings(tracking_uri=start_server(tmp_path / "home").url), tmp_path)
    try:
        store = services.open_artifacts("mlflow-artifacts:/some/where")
        assert isinstance(store, Resumable)
        told: list[int] = []
        # It breaks off before the end: the file is shorter than it was when it was begun.
        torn = FileChunks(large, lambda size: (told.append(size), large.write_bytes(b"x" * PIECE * 3))[0])
        with pytest.raises(DamagedData, match="smaller"):
            send_file(store, "x", torn)
        large.write_bytes(b"y" * SIZE)
        assert send_file(store, "x", FileChunks(large, told.append)) == SIZE
        assert sum(told[-7:]) == SIZE
        assert b"".join(store.read("x")) == b"y" * SIZE
        with pytest.raises(NotFound):
            store.put_piece("x", f"{'0' * 32}-{PIECE}", 0, [b"1"])
    finally:
        services.close()


MEASURED = """
import resource, sys, treering
treering.set_tracking_uri(sys.argv[1])
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
with treering.start_run() as run:
    treering.log_text("warm", "warm.txt")
    before = peak()
    treering.log_artifact(sys.argv[2], "kept")
    treering.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="kept", dst_path=sys.argv[3])
    print((peak() - before) * 1024)
"""


def test_memory_does_not_grow_with_the_file(own_server: Any, tmp_path: Path) -> None:
    size = 192 * MIB
    large = tmp_path / "large.bin"
    with large.open("wb") as file:
        file.truncate(size)
    status = Path(f"/proc/{own_server.pid}/status")
    before = peak(status)
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("TREERING_", "MLFLOW_"))}
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, own_server.url, str(large), str(tmp_path / "got")],
        env=kept | {"TREERING_HOME": str(tmp_path / "home"), "TREERING_CAPTURE": "off"},
        capture_output=True, text=True, check=True, timeout=240,
    )  # fmt: skip
    assert (tmp_path / "got" / "kept" / "large.bin").stat().st_size == size
    # Two pieces at a time and what surrounds them; a third of the file is far from both.
    assert int(done.stdout) < 64 * MIB
    assert peak(status) - before < 64 * MIB


def peak(status: Path) -> int:
    """Bytes: the most that a process has held; 0 where the system does not tell."""
    if not status.exists():
        return 0
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024
