"""A server that cannot be reached, or was never there, costs nothing: all of it is delivered later, once."""

from __future__ import annotations

import json
import logging
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import treering
from treering.client.connect import connect
from treering.core.errors import InvalidInput, NotFound, Unavailable
from treering.core.settings import Settings
from treering.entities.page import Query
from treering.entities.run import Run
from treering.tracking.base import Tracking

PROGRAM = "import sys; from treering.cli.main import main; sys.exit(main())"
Fresh = Callable[..., Any]
Server = Any


def clean_environment(**variables: str) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("TREERING_", "MLFLOW_"))}
    return kept | variables


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def runs_named(tracking: Tracking, experiment: str) -> list[Run]:
    found = tracking.experiments.get_by_name(experiment)
    return list(tracking.runs.search(Query(experiment_ids=[found.experiment_id])).items)


def sync(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, "sync", *arguments],
        env=clean_environment(TREERING_HOME=str(home)), capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


TRAINING = """
import sys, treering
treering.set_tracking_uri(sys.argv[1])
treering.set_experiment("far away")
with treering.start_run(run_name="parent", tags={"team": "vision"}) as parent:
    treering.log_params({"lr": 0.1})
    for step in range(200):
        treering.log_metric("loss", step, step=step)
    treering.log_text("first", "notes/note.txt")
    treering.log_text("second", "notes/note.txt")
    treering.log_dict({"a": 1}, "a.json")
    with treering.start_run(nested=True) as child:
        treering.log_metric("loss", 1.0)
    assert parent.info.artifact_uri == f"runs:/{parent.info.run_id}"
print(parent.info.run_id, child.info.run_id)
"""


@pytest.mark.parametrize("mode", ["automatic", "set"])
def test_a_program_runs_without_its_server_and_sync_delivers(mode: str, own_server: Server, tmp_path: Path) -> None:
    own_server.stop(signal.SIGKILL)
    home = tmp_path / "home"
    environment = clean_environment(TREERING_HOME=str(home))
    if mode == "set":
        own_server.start()
        environment["TREERING_OFFLINE"] = "true"
    done = subprocess.run(
        [sys.executable, "-c", TRAINING, own_server.url],
        env=environment, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("kept on this machine") == (1 if mode == "automatic" else 0)
    assert done.stderr.count("treering sync") == 1
    parent, child = done.stdout.split()
    if mode == "automatic":
        waiting = sync(home)
        assert waiting.returncode == 1
        assert "cannot be reached" in waiting.stderr
        own_server.start()
    delivered = sync(home, "--json")
    assert delivered.returncode == 0, delivered.stderr
    assert "100 %" in delivered.stderr
    services = connect(Settings(tracking_uri=own_server.url), tmp_path)
    try:
        found = {run.info.run_id: run for run in runs_named(services.tracking, "far away")}
        assert set(found) == {parent, child}
        run = services.tracking.runs.get(parent)
        assert (run.info.run_name, run.info.status, run.data.tags["team"]) == ("parent", "FINISHED", "vision")
        assert run.data.summaries["loss"].count == 200
        assert dict(run.data.params) == {"lr": "0.1"}
        assert found[child].data.tags["mlflow.parentRunId"] == parent
        store = services.open_artifacts(run.info.artifact_uri)
        files = [file.path for file in store.walk()]
        assert [path for path in files if not path.startswith("treering/")] == ["a.json", "notes/note.txt"]
        assert "treering/environment.json" in files
        assert b"".join(store.read("notes/note.txt")) == b"second"
    finally:
        services.close()
    assert list((home / "journal").iterdir()) == []
    assert json.loads(sync(home, "--json").stdout) == []


def test_a_server_that_comes_during_the_run_gets_all_of_it(own_server: Server, fresh: Fresh) -> None:
    own_server.stop(signal.SIGKILL)
    current = fresh(tracking_uri=own_server.url, flush_interval="0.02")
    experiment = treering.set_experiment("belated")
    with treering.start_run(experiment_id=experiment.experiment_id) as run:
        treering.log_metric("loss", 1.0, step=1)
        treering.log_text("kept", "note.txt")
        own_server.start()
        treering.log_metric("loss", 2.0, step=2)
        until(lambda: not current.place.recorder.is_cut_off)
        treering.log_text("sent", "other.txt")
        assert treering.artifacts.load_text(f"runs:/{run.info.run_id}/note.txt") == "kept"
        assert treering.get_artifact_uri("x").endswith(f"{run.info.run_id}/artifacts/x")
    found = treering.get_run(run.info.run_id)
    assert (found.info.status, found.data.summaries["loss"].count) == ("FINISHED", 2)
    assert {info.path for info in treering.artifacts.list_artifacts(run_id=run.info.run_id)} == {
        "note.txt", "other.txt",
    }  # fmt: skip
    with treering.start_run() as second:
        pass
    assert (
        second.info.experiment_id == found.info.experiment_id == treering.get_run(second.info.run_id).info.experiment_id
    )
    assert second.info.experiment_id.isdigit()


def test_what_a_server_answers_is_an_error_at_once(fluent: Any) -> None:
    with pytest.raises(NotFound):
        treering.start_run(experiment_id="123456789")
    with pytest.raises(NotFound):
        treering.start_run(run_id="0" * 32)
    experiment_id = treering.create_experiment(f"gone {time.monotonic_ns()}")
    treering.delete_experiment(experiment_id)
    with pytest.raises(InvalidInput):
        treering.start_run(experiment_id=experiment_id)
    assert not fluent.place.recorder.is_cut_off


def test_a_program_may_ask_to_fail_without_its_server(fresh: Fresh) -> None:
    fresh(tracking_uri=f"http://127.0.0.1:{closed_port()}", offline_after="0")
    with pytest.raises(Unavailable):
        treering.start_run()


def test_going_without_a_server_is_said_once(fresh: Fresh, caplog: pytest.LogCaptureFixture) -> None:
    current = fresh(tracking_uri=f"http://127.0.0.1:{closed_port()}", flush_interval="0.01")
    with caplog.at_level(logging.WARNING, "treering"):
        treering.set_experiment("nowhere")
        for number in range(3):
            with treering.start_run():
                treering.log_metric("x", number)
                treering.log_text("x", "x.txt")
        until(current.place.recorder.is_behind)
    assert [record.getMessage().partition(":")[0] for record in caplog.records] == [
        "What is logged is kept on this machine and delivered later"
    ]


def test_a_run_may_be_resumed_and_nested_into_offline(own_server: Server, fresh: Fresh) -> None:
    own_server.stop(signal.SIGKILL)
    fresh(tracking_uri=own_server.url)
    with treering.start_run(run_name="one") as run:
        treering.log_metric("x", 1, step=1)
    fresh()
    with treering.start_run(run_id=run.info.run_id, run_name="renamed", tags={"again": "yes"}):
        treering.log_metric("x", 2, step=2)
    with treering.start_run(parent_run_id=run.info.run_id) as child:
        pass
    own_server.start()
    fresh()
    until(lambda: not list((Path(os.environ["TREERING_HOME"]) / "journal").glob("*.journal")) or sync_here())
    found = treering.get_run(run.info.run_id)
    assert (found.info.run_name, found.info.status, found.data.tags["again"]) == ("renamed", "FINISHED", "yes")
    assert found.data.summaries["x"].count == 2
    assert treering.get_parent_run(child.info.run_id) is not None


def sync_here() -> bool:
    sync(Path(os.environ["TREERING_HOME"]))
    return False


def test_a_childs_points_may_come_before_its_parents_run(own_server: Server, fresh: Fresh, home: Path) -> None:
    """The child's journal is delivered first, and knows of the run by the note."""
    own_server.stop(signal.SIGKILL)
    fresh(tracking_uri=own_server.url)
    treering.set_experiment("family")
    run = treering.start_run()
    program = (
        "import sys, treering\n"
        "treering.log_metric('x', 1, run_id=sys.argv[1])\n"
        "treering.MlflowClient().log_text(sys.argv[1], 'of the child', 'child.txt')\n"
    )
    environment = {**os.environ, "TREERING_TRACKING_URI": own_server.url}
    subprocess.run([sys.executable, "-c", program, run.info.run_id], env=environment, check=True, capture_output=True)
    own_server.start()
    done = sync(home, "--json")
    assert done.returncode == 0, done.stderr
    (result,) = json.loads(done.stdout)
    assert (result["records"], result["refused"]) == (2, 0)
    services = connect(Settings(tracking_uri=own_server.url), home)
    found = services.tracking.runs.get(run.info.run_id)
    assert found.data.metrics == {"x": 1.0}
    assert found.info.experiment_id == services.tracking.experiments.get_by_name("family").experiment_id
    services.close()
    treering.end_run()
    treering.flush()
    assert treering.get_run(run.info.run_id).info.status == "FINISHED"


def test_the_name_of_an_experiment_that_was_deleted_meanwhile_is_taken_anew(own_server: Server, fresh: Fresh) -> None:
    fresh(tracking_uri=own_server.url)
    old = treering.create_experiment("work")
    treering.delete_experiment(old)
    own_server.stop(signal.SIGKILL)
    fresh()
    treering.set_experiment("work")
    with treering.start_run() as run:
        treering.log_metric("x", 1)
    own_server.start()
    treering.flush()
    found = treering.get_run(run.info.run_id)
    assert found.info.experiment_id != old
    assert found.data.metrics == {"x": 1.0}


def test_a_run_that_cannot_be_made_is_set_aside_with_its_files(own_server: Server, fresh: Fresh, home: Path) -> None:
    own_server.stop(signal.SIGKILL)
    fresh(tracking_uri=own_server.url)
    with treering.start_run(experiment_id="987654321"):
        treering.log_metric("x", 1)
        treering.log_text("precious", "note.txt")
    with treering.start_run() as good:
        treering.log_metric("x", 2)
    own_server.start()
    treering.flush()
    assert treering.get_run(good.info.run_id).data.metrics == {"x": 2.0}
    (aside,) = (home / "journal").glob("*.refused")
    lines = [json.loads(line) for line in aside.read_text().splitlines()]
    assert len(lines) == 4
    (kept,) = [line["refused"]["kept"] for line in lines if "kept" in line["refused"]]
    assert Path(kept).read_text() == "precious"
    assert not list((home / "journal").glob("*.run"))


def test_an_upload_that_was_interrupted_goes_on(own_server: Server, tmp_path: Path) -> None:
    """`treering sync` is killed in the middle of the files, and goes on where it was."""
    home = tmp_path / "home"
    program = """
import sys, os, treering
treering.set_tracking_uri(sys.argv[1])
with treering.start_run() as run:
    for number in range(20):
        treering.artifacts.run_store().write(f"file{number}", [bytes([number]) * 300_000])
print(run.info.run_id)
"""
    environment = clean_environment(TREERING_HOME=str(home), TREERING_OFFLINE="1", TREERING_CAPTURE="off")
    done = subprocess.run(
        [sys.executable, "-c", program, own_server.url],
        env=environment, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    run_id = done.stdout.strip()
    copies = list((home / "journal").glob("*.files/*"))
    assert len(copies) == 20
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "sync"],
        env=clean_environment(TREERING_HOME=str(home)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    until(lambda: len(list((home / "journal").glob("*.files/*"))) < 18 or process.poll() is not None)
    process.kill()
    process.wait()
    assert sync(home).returncode == 0
    services = connect(Settings(tracking_uri=own_server.url), tmp_path)
    store = services.open_artifacts(services.tracking.runs.get(run_id).info.artifact_uri)
    for number in range(20):
        assert b"".join(store.read(f"file{number}")) == bytes([number]) * 300_000
    services.close()
    assert list((home / "journal").iterdir()) == []


def test_a_table_grows_offline(own_server: Server, fresh: Fresh) -> None:
    own_server.stop(signal.SIGKILL)
    fresh(tracking_uri=own_server.url)
    store_of = treering.artifacts.run_store
    with treering.start_run() as run:
        store_of().write("t.txt", [b"1"])
        before = b"".join(store_of().read("t.txt"))
        store_of().write("t.txt", [before + b"2"])
        with pytest.raises(NotFound):
            b"".join(store_of().read("other.txt"))
        own_server.start()
    treering.flush()
    assert treering.artifacts.load_text(f"runs:/{run.info.run_id}/t.txt") == "12"


def test_a_client_by_ids_goes_on_without_its_server(own_server: Server, fresh: Fresh) -> None:
    """As loggers of training frameworks do: find or make the experiment, make the run, fill and end it."""
    own_server.stop(signal.SIGKILL)
    fresh(tracking_uri=own_server.url)
    client = treering.MlflowClient()
    found = client.get_experiment_by_name("by ids")
    assert found is not None
    assert treering.create_experiment("by ids") == client.create_experiment("by ids") == found.experiment_id
    assert client.get_experiment(found.experiment_id).name == "by ids"
    with pytest.raises(Unavailable, match="set_experiment"):
        client.create_experiment("elsewhere", artifact_location="s3://bucket/there")
    run = client.create_run(found.experiment_id, run_name="one", tags={"a": "b"})
    run_id = run.info.run_id
    client.log_batch(run_id, params={"lr": 0.1})
    client.log_metric(run_id, "loss", 0.5, step=3)
    client.log_text(run_id, "kept", "note.txt")
    client.update_run(run_id, name="another")
    client.set_terminated(run_id, "FAILED", end_time=12345)
    own_server.start()
    treering.flush()
    known = client.get_run(run_id)
    assert (known.info.run_name, known.info.status, known.info.end_time) == ("another", "FAILED", 12345)
    assert (known.data.params["lr"], known.data.metrics["loss"], known.data.tags["a"]) == ("0.1", 0.5, "b")
    assert client.get_experiment(found.experiment_id).experiment_id == known.info.experiment_id
    assert treering.artifacts.load_text(f"runs:/{run_id}/note.txt") == "kept"


def test_a_seeded_training_draws_the_same_numbers_without_its_server(own_server: Server, fresh: Fresh) -> None:
    """Retrying, making up names and ids, and keeping files take nothing from the user's generators."""
    own_server.stop(signal.SIGKILL)
    numpy = pytest.importorskip("numpy")
    fresh(tracking_uri=own_server.url, flush_interval="0.01", http_retries="2")
    random.seed(7)
    numpy.random.seed(7)
    before, before_numpy = random.getstate(), repr(numpy.random.get_state())
    treering.set_experiment("seeded")
    with treering.start_run() as run:
        treering.log_params({"a": 1})
        treering.log_metric("loss", 1.0)
        treering.log_text("x", "x.txt")
        with pytest.raises(Unavailable):
            treering.search_runs(["0"])
        own_server.start()
    treering.flush()
    with treering.start_run():
        treering.log_metric("loss", 1.0)
    assert treering.get_run(run.info.run_id).data.metrics == {"loss": 1.0}
    assert random.getstate() == before
    assert repr(numpy.random.get_state()) == before_numpy
