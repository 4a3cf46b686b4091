"""Networks that are cut, disks that are full, databases that are killed: what a log call has taken is there afterwards, once."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import treering
from databases import killable_postgresql
from networks import Network
from treering.client.connect import connect
from treering.client.sync import deliver_left
from treering.core.errors import InvalidInput, StorageFull
from treering.core.settings import Settings
from treering.storage.journal.files import usage
from treering.tracking.base import Tracking

Fresh = Callable[..., Any]
Server = Any

# How long the network is cut; the benchmark cuts it for a minute.
PARTITION = 2.0


def steps_of(tracking: Tracking, run_id: str, key: str) -> list[int]:
    columns, token = tracking.metrics.history(run_id, key)
    assert token == ""
    # The history shows equal points once; the summary counts what was stored.
    assert tracking.runs.get(run_id).data.summaries[key].count == len(columns.steps)
    return sorted(columns.steps)


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def network(server: Server) -> Iterator[Network]:
    one = Network(server.port)
    yield one
    one.close()


@pytest.mark.parametrize("broken", [False, True], ids=["resumes", "breaks"])
def test_training_goes_on_while_the_network_is_cut(broken: bool, network: Network, fresh: Fresh) -> None:
    fresh(tracking_uri=network.url, offline_after="0.3", flush_interval="0.01")
    treering.set_experiment("partition")
    ends = time.monotonic() + PARTITION
    with treering.start_run() as run:
        treering.log_metric("loss", 0, step=0)
        treering.flush()
        network.cut()
        count = 1
        while time.monotonic() < ends:
            treering.log_metric("loss", count, step=count)
            count += 1
            if count == 100:
                treering.log_text("from the dark", "note.txt")
                with treering.start_run(nested=True) as child:
                    treering.log_param("p", 1)
        network.mend(broken=broken)
        treering.log_metric("loss", count, step=count)
    treering.flush()
    tracking = treering.Client()
    assert [point.step for point in tracking.get_metric_history(run.info.run_id, "loss")] == list(range(count + 1))
    found = treering.get_run(run.info.run_id)
    assert (found.info.status, found.data.summaries["loss"].count) == ("FINISHED", count + 1)
    assert treering.artifacts.load_text(f"runs:/{run.info.run_id}/note.txt") == "from the dark"
    nested = treering.get_run(child.info.run_id)
    assert (nested.info.status, dict(nested.data.params)) == ("FINISHED", {"p": "1"})


TRAINING = """
import os, sys, treering
treering.set_tracking_uri(sys.argv[1])
told = os.open(sys.argv[2], os.O_RDWR | os.O_CREAT)
with treering.start_run() as run:
    os.pwrite(told, run.info.run_id.encode(), 8)
    step = 0
    while True:
        treering.log_metric("loss", step, step=step)
        step += 1
        os.pwrite(told, step.to_bytes(8, "little"), 0)
"""


def test_client_and_server_are_killed_together(own_server: Server, tmp_path: Path) -> None:
    home, told = tmp_path / "home", tmp_path / "told"
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("TREERING_", "MLFLOW_"))}
    environment |= {"TREERING_HOME": str(home), "TREERING_FLUSH_INTERVAL": "0.005"}
    process = subprocess.Popen([sys.executable, "-c", TRAINING, own_server.url, str(told)], env=environment)
    until(lambda: told.exists() and len(told.read_bytes()) == 40 and told.read_bytes()[0])
    time.sleep(0.3)
    killer = threading.Thread(target=process.kill)
    killer.start()
    own_server.stop(signal.SIGKILL)
    killer.join()
    process.wait()
    data = told.read_bytes()
    promised, run_id = int.from_bytes(data[:8], "little"), data[8:].decode()
    own_server.start()
    settings = Settings(home=str(home), tracking_uri=own_server.url)
    assert [result.error for result in deliver_left(settings, home)] == [""]
    services = connect(settings, tmp_path)
    found = steps_of(services.tracking, run_id, "loss")
    services.close()
    assert found == list(range(len(found)))
    assert len(found) in {promised, promised + 1}


@pytest.mark.postgresql
@pytest.mark.parametrize("place", ["near", "far"])
def test_the_database_is_killed_in_the_middle_of_writing(
    place: str, fresh: Fresh, tmp_path: Path, start_server: Callable[..., Server]
) -> None:
    with killable_postgresql() as database:
        served = start_server(tmp_path / "served", database.uri).url if place == "far" else database.uri
        fresh(tracking_uri=served, flush_interval="0.002", offline_after="1")
        with treering.start_run() as run:
            for step in range(6000):
                treering.log_metric("loss", step, step=step)
                if step in {2000, 4000}:
                    database.kill()
                if step in {3000, 5000}:
                    database.start()
        until(flushed)
        services = connect(Settings(tracking_uri=served), tmp_path)
        assert steps_of(services.tracking, run.info.run_id, "loss") == list(range(6000))
        assert services.tracking.runs.get(run.info.run_id).info.status == "FINISHED"
        services.close()
        # Before the database goes.
        fresh(tracking_uri=str(tmp_path / "other"))


def flushed() -> bool:
    try:
        treering.flush()
    except treering.errors.TreeringError:
        return False
    return True


FULL = """
import resource, sys, treering
if int(sys.argv[2]):
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
treering.set_tracking_uri(sys.argv[1])
kept, refused = [], 0
with treering.start_run() as run:
    step = 0
    while refused < 50:
        try:
            treering.log_metric("loss", step, step=step)
            kept.append(step)
        except OSError as error:
            assert "full" in str(error)
            refused += 1
        step += 1
    print(run.info.run_id, flush=True)
    sys.stdin.readline()
    for step in range(step, step + 100):
        while True:
            try:
                treering.log_metric("loss", step, step=step)
                break
            except OSError:
                pass
        kept.append(step)
print(",".join(map(str, kept)))
"""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[tuple[Path, int]]:
    """A folder on a disk of one megabyte, where one can be made; else any, and how large a file may become."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=1m", "treering-test", str(folder)]
    if shutil.which("mount") and subprocess.run(mounting, capture_output=True, check=False).returncode == 0:
        yield folder, 0
        subprocess.run(["umount", str(folder)], check=True)
    else:
        yield folder, 200_000


@pytest.mark.parametrize("limit", ["disk", "file size"])
def test_a_full_disk_costs_nothing_that_was_taken(
    limit: str, own_server: Server, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    disk, most = request.getfixturevalue("small_disk") if limit == "disk" else (tmp_path, 200_000)
    ballast = disk / "ballast"
    ballast.write_bytes(bytes(700_000))
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("TREERING_", "MLFLOW_"))}
    environment |= {"TREERING_HOME": str(disk / "home"), "TREERING_FLUSH_INTERVAL": "0.05"}
    process = subprocess.Popen(
        [sys.executable, "-c", FULL, own_server.url, str(most)],
        env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    run_id = process.stdout.readline().strip()
    ballast.unlink()
    told, _ = process.communicate("go\n", timeout=120)
    assert process.returncode == 0
    kept = [int(step) for step in told.split(",")]
    assert len(kept) > 1000
    services = connect(Settings(tracking_uri=own_server.url), tmp_path)
    assert steps_of(services.tracking, run_id, "loss") == kept
    assert services.tracking.runs.get(run_id).info.status == "FINISHED"
    services.close()
    assert not list((disk / "home" / "journal").iterdir())


def test_logging_waits_for_delivery_when_the_journals_folder_is_full(
    own_server: Server, fresh: Fresh, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    fresh(tracking_uri=own_server.url, journal_max_bytes="100000", flush_interval="0.01")
    run = treering.start_run()
    own_server.stop(signal.SIGKILL)
    seen: list[int] = []
    with caplog.at_level(logging.WARNING, "treering"):
        worker = threading.Thread(
            target=lambda: [treering.log_metric("x", step, step=step, run_id=run.info.run_id) for step in range(20_000)]
        )
        worker.start()
        until(lambda: "waits for delivery" in caplog.text)
        for _ in range(20):
            seen.append(usage(home / "journal"))
            time.sleep(0.02)
        assert worker.is_alive()
        own_server.start()
        worker.join(timeout=60)
        assert not worker.is_alive()
        treering.flush()
    # Bounded, but for what ends runs and a little beyond.
    assert max(seen) < 150_000
    assert caplog.text.count("waits for delivery") == 1
    assert "Logging goes on" in caplog.text
    treering.end_run()
    assert treering.get_run(run.info.run_id).data.summaries["x"].count == 20_000


def test_what_is_dropped_is_counted_and_said(
    own_server: Server, fresh: Fresh, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    current = fresh(tracking_uri=own_server.url, journal_max_bytes="100000", journal_full="drop", flush_interval="0.01")
    with caplog.at_level(logging.WARNING, "treering"):
        with treering.start_run() as run:
            own_server.stop(signal.SIGKILL)
            for step in range(20_000):
                treering.log_metric("x", step, step=step)
            treering.log_text("dropped as well", "note.txt")
            dropped = current.place.recorder.dropped
            assert usage(home / "journal") < 150_000
        own_server.start()
        treering.flush()
        current.close()
    assert "left out and counted" in caplog.text
    assert f"{dropped} calls were left out in all" in caplog.text
    services = connect(Settings(tracking_uri=own_server.url), home)
    found = services.tracking.runs.get(run.info.run_id)
    # What ends a run is never dropped.
    assert found.info.status == "FINISHED"
    assert found.data.summaries["x"].count == 20_000 + 1 - dropped
    services.close()


def test_a_full_folder_may_be_an_error(fresh: Fresh, home: Path) -> None:
    fresh(tracking_uri="http://127.0.0.1:9", offline="true", journal_max_bytes="5000", journal_full="wait")
    treering.start_run()
    with pytest.raises(StorageFull, match="JOURNAL_MAX_BYTES"):
        for step in range(1000):
            treering.log_metric("x", step)
    treering.end_run()
    assert usage(home / "journal") < 6000
    with pytest.raises(InvalidInput, match="JOURNAL_FULL"):
        fresh(journal_full="explode").place.recorder  # noqa: B018  # reading it makes it


def test_a_long_run_does_not_fill_the_disk(fresh: Fresh, home: Path, server: Server) -> None:
    fresh(tracking_uri=server.url, journal_max_bytes="400000", flush_interval="0.001")
    largest = 0
    with treering.start_run() as run:
        for step in range(60_000):
            treering.log_metric("x", step, step=step)
            if step % 1000 == 0:
                largest = max(largest, usage(home / "journal"))
    assert largest < 500_000
    assert treering.get_run(run.info.run_id).data.summaries["x"].count == 60_000
