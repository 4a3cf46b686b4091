"""What a killed program logged is there when the next one has started: every point whose call returned, none twice."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import treering
from treering.client.connect import connect
from treering.client.recorder import Recorder
from treering.client.sync import deliver_orphans
from treering.core.clock import now
from treering.core.settings import Settings
from treering.entities.lifecycle import RunStatus
from treering.entities.page import Query
from treering.storage.journal.frames import Change
from treering.storage.journal.reader import open_reader
from treering.tracking.base import Tracking

Fresh = Callable[..., Any]
StartServer = Callable[..., Any]

# How often to kill; the full run asks for more.
KILLS = int(os.environ.get("TREERING_TEST_KILLS", "10"))

# Tells what it logged through a file, whose bytes the system has as soon as `pwrite` returns.
TRAINING = """
import os, sys
import treering
treering.set_tracking_uri(sys.argv[1])
told = os.open(sys.argv[2], os.O_RDWR | os.O_CREAT)
with treering.start_run() as run:
    os.pwrite(told, run.info.run_id.encode(), 8)
    treering.log_params({"lr": 0.1})
    step = 0
    while True:
        treering.log_metric("loss", step / 7, step=step, timestamp=step)
        step += 1
        os.pwrite(told, step.to_bytes(8, "little"), 0)
        if step % 97 == 0:
            treering.log_metrics({"other": step, "more": -step}, step=step)
"""


def train_and_kill(uri: str, home: Path, told: Path, patience: float) -> tuple[str, int]:
    """Run id, and how many calls had returned for certain."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("TREERING_", "MLFLOW_"))}
    environment |= {"TREERING_HOME": str(home), "TREERING_FLUSH_INTERVAL": "0.02"}
    process = subprocess.Popen([sys.executable, "-c", TRAINING, uri, str(told)], env=environment)
    deadline = time.monotonic() + 60
    while not (told.exists() and len(told.read_bytes()) == 40 and any(told.read_bytes()[:8])):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.005)
    time.sleep(patience)
    process.send_signal(signal.SIGKILL)
    process.wait()
    data = told.read_bytes()
    return data[8:].decode(), int.from_bytes(data[:8], "little")


def check_points(tracking: Tracking, run_id: str, promised: int) -> None:
    columns, token = tracking.metrics.history(run_id, "loss")
    assert token == ""
    found = list(columns.steps)
    # The call that was under way may or may not have come through.
    assert len(found) in {promised, promised + 1}
    assert found == list(range(len(found)))
    assert [value * 7 for value in columns.values] == pytest.approx(found)
    # The history shows equal points once; the summary counts what was stored.
    run = tracking.runs.get(run_id)
    assert run.data.summaries["loss"].count == len(found)
    assert dict(run.data.params) == {"lr": "0.1"}


def check_killed(tracking: Tracking, run_id: str) -> None:
    info = tracking.runs.get(run_id).info
    assert info.status == "KILLED"
    assert info.end_time is not None
    assert info.start_time <= info.end_time <= now()


@pytest.mark.parametrize("trial", range(KILLS))
@pytest.mark.parametrize("place", ["near", "far"])
def test_a_killed_program_loses_nothing(place: str, trial: int, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    home = tmp_path / "home"
    uri = request.getfixturevalue("server").url if place == "far" else str(home)
    # Long enough at times for several deliveries, so that it dies before, between and within them.
    patience = random.Random(f"{place}{trial}").choice([0.0, 0.01, 0.05, 0.2, 0.6])
    run_id, promised = train_and_kill(uri, home, tmp_path / "told", patience)
    services = connect(Settings(home=str(home), tracking_uri=uri), tmp_path)
    try:
        results = deliver_orphans(home / "journal", lambda _: services)
        assert [result.error for result in results] == [""]
        check_points(services.tracking, run_id, promised)
        check_killed(services.tracking, run_id)
        assert deliver_orphans(home / "journal", lambda _: services) == []
        check_points(services.tracking, run_id, promised)
        assert list((home / "journal").iterdir()) == []
    finally:
        services.close()


def test_a_server_delivers_what_a_killed_program_left_on_its_home(tmp_path: Path, start_server: StartServer) -> None:
    home = tmp_path / "home"
    run_id, promised = train_and_kill(str(home), home, tmp_path / "told", 0.1)
    server = start_server(home)
    services = connect(Settings(tracking_uri=server.url), tmp_path)
    try:
        deadline = time.monotonic() + 60
        while list((home / "journal").iterdir()):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        check_points(services.tracking, run_id, promised)
        check_killed(services.tracking, run_id)
    finally:
        services.close()


def test_a_run_that_was_resumed_elsewhere_is_not_ended_by_what_comes_late(tmp_path: Path, fresh: Fresh) -> None:
    uri = f"sqlite:///{tmp_path / 'shared.db'}"
    run_id, promised = train_and_kill(uri, tmp_path / "other machine", tmp_path / "told", 0.05)
    fresh(tracking_uri=uri)
    with treering.start_run(run_id=run_id):
        services = connect(Settings(tracking_uri=uri), tmp_path)
        results = deliver_orphans(tmp_path / "other machine" / "journal", lambda _: services)
        assert [result.error for result in results] == [""]
        check_points(services.tracking, run_id, promised)
        assert services.tracking.runs.get(run_id).info.status == "RUNNING"
    assert services.tracking.runs.get(run_id).info.status == "FINISHED"
    services.close()


def test_each_journal_says_which_runs_its_process_ends(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, "http://nowhere.invalid", Settings(), pytest.fail, offline=True)
    recorder.begun("a" * 32)
    recorder.begun("b" * 32)
    recorder.change(Change("b" * 32, RunStatus.FINISHED, 1))
    recorder.forget_run("b" * 32)
    (first,) = recorder._courier.writers
    recorder._part_with(first)
    recorder.tags("c" * 32, {"x": "1"})
    for writer in recorder._courier.writers:
        reader = open_reader(writer.path)
        while reader.read():
            pass
        assert list(reader.open_runs) == ["a" * 32]
        reader.close()
    assert len(recorder._courier.writers) == 2
    recorder.close(0)


def test_a_command_shows_what_a_killed_program_left_on_its_home(tmp_path: Path) -> None:
    home = tmp_path / "home"
    run_id, promised = train_and_kill(str(home), home, tmp_path / "told", 0.1)
    done = subprocess.run(
        [sys.executable, "-m", "treering", "runs", "describe", "-r", run_id, "--json"],
        env={"TREERING_HOME": str(home), "PATH": os.environ["PATH"]},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(done.stdout)["metrics"]["loss"]["count"] in {promised, promised + 1}


def test_the_next_program_delivers_by_itself(tmp_path: Path) -> None:
    home = tmp_path / "home"
    run_id, promised = train_and_kill(str(home), home, tmp_path / "told", 0.0)
    program = """
import sys, time, treering
treering.get_experiment("0")
deadline = time.monotonic() + 30
while len(treering.Client().get_metric_history(sys.argv[1], "loss")) < int(sys.argv[2]):
    assert time.monotonic() < deadline
    time.sleep(0.01)
"""
    environment = dict(os.environ) | {"TREERING_HOME": str(home)}
    subprocess.run([sys.executable, "-c", program, run_id, str(promised)], env=environment, check=True, timeout=90)
    services = connect(Settings(home=str(home)), tmp_path)
    check_points(services.tracking, run_id, promised)
    services.close()


def test_a_server_that_is_killed_and_comes_back_has_everything(own_server: Any, fresh: Any) -> None:
    fresh(tracking_uri=own_server.url, http_retries="0", flush_interval="0.05")
    with treering.start_run() as run:
        for step in range(100):
            treering.log_metric("loss", step, step=step)
        own_server.stop(signal.SIGKILL)
        for step in range(100, 300):
            treering.log_metric("loss", step, step=step)
        with pytest.raises(ConnectionError, match=own_server.url):
            treering.flush()
        own_server.start()
        treering.flush()
    found = treering.get_run(run.info.run_id)
    assert found.info.status == "FINISHED"
    assert found.data.summaries["loss"].count == 300


def test_training_ends_while_the_server_is_away_and_sync_delivers(own_server: Any, tmp_path: Path) -> None:
    program = """
import os, signal, sys, treering
treering.set_tracking_uri(sys.argv[1])
with treering.start_run() as run:
    print(run.info.run_id, flush=True)
    sys.stdin.readline()
    for step in range(50):
        treering.log_metric("loss", step, step=step)
"""
    home = tmp_path / "home"
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("TREERING_", "MLFLOW_"))}
    environment |= {"TREERING_HOME": str(home), "TREERING_CAPTURE": "off"}
    process = subprocess.Popen(
        [sys.executable, "-c", program, own_server.url],
        env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    run_id = process.stdout.readline().strip()
    own_server.stop(signal.SIGKILL)
    _, said = process.communicate("go\n", timeout=60)
    assert process.returncode == 0
    assert "treering sync" in said
    assert own_server.url in said
    command = [sys.executable, "-c", "import sys; from treering.cli.main import main; sys.exit(main())", "sync"]
    away = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert away.returncode == 1
    assert "cannot be reached" in away.stderr
    own_server.start()
    back = subprocess.run(
        [*command, "--json"], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert back.returncode == 0, back.stderr
    assert '"records": 51' in back.stdout
    services = connect(Settings(tracking_uri=own_server.url), tmp_path)
    run = services.tracking.runs.get(run_id)
    assert run.data.summaries["loss"].count == 50
    assert run.info.status == "FINISHED"
    services.close()
    nothing = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60)
    assert "Nothing waits" in nothing.stdout


def test_forked_children_log_into_journals_of_their_own(tmp_path: Path) -> None:
    program = """
import multiprocessing, os, sys
import treering

def work(run_id, worker):
    for step in range(100):
        treering.log_metric(f"worker{worker}", step, step=step, run_id=run_id)

with treering.start_run() as run:
    treering.log_metric("before", 1)
    context = multiprocessing.get_context("fork")
    children = [context.Process(target=work, args=(run.info.run_id, n)) for n in range(3)]
    for child in children:
        child.start()
    for child in children:
        child.join()
        assert child.exitcode == 0
    treering.log_metric("after", 1)
found = treering.get_run(run.info.run_id)
print({key: summary.count for key, summary in sorted(found.data.summaries.items())}, found.info.status)
"""
    environment = dict(os.environ) | {"TREERING_HOME": str(tmp_path / "home")}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )
    assert done.returncode == 0, done.stderr
    expected = {"after": 1, "before": 1, "worker0": 100, "worker1": 100, "worker2": 100}
    assert done.stdout.strip() == f"{expected} FINISHED"
    assert list((tmp_path / "home" / "journal").iterdir()) == []


def test_two_programs_share_a_home(tmp_path: Path) -> None:
    program = """
import treering
treering.set_experiment("shared")
for number in range(3):
    with treering.start_run():
        for step in range(200):
            treering.log_metric("loss", step, step=step)
"""
    environment = dict(os.environ) | {"TREERING_HOME": str(tmp_path / "home")}
    both = [subprocess.Popen([sys.executable, "-c", program], env=environment) for _ in range(2)]
    assert [process.wait(timeout=120) for process in both] == [0, 0]
    services = connect(Settings(home=str(tmp_path / "home")), tmp_path)
    experiment = services.tracking.experiments.get_by_name("shared")
    runs = services.tracking.runs.search(Query(experiment_ids=[experiment.experiment_id])).items
    assert [(run.info.status, run.data.summaries["loss"].count) for run in runs] == [("FINISHED", 200)] * 6
    services.close()


@pytest.mark.parametrize(
    ("ending", "status"),
    [("pass", "FINISHED"), ("raise KeyError('x')", "FAILED"), ("treering.end_run('KILLED')", "KILLED")],
)
def test_a_run_left_open_ends_with_the_program(tmp_path: Path, ending: str, status: str) -> None:
    program = f"import treering\nrun = treering.start_run()\nprint(run.info.run_id, flush=True)\n{ending}\n"
    environment = dict(os.environ) | {"TREERING_HOME": str(tmp_path / "home")}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    services = connect(Settings(home=str(tmp_path / "home")), tmp_path)
    assert services.tracking.runs.get(done.stdout.strip()).info.status == status
    services.close()
