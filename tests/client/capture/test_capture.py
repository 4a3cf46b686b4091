"""What a run keeps of its source and environment: near, far, without a server, again, and in children."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

import treering
from treering.client import capture
from treering.client.capture import filing
from treering.client.capture.source import answer
from treering.core.log import logger
from treering.entities.run import RESUMED_TAG

Fresh = Callable[..., Any]
Server = Any

PROGRAM = "import sys; from treering.cli.main import main; sys.exit(main())"


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """What this process captured in other tests."""
    yield
    filing._Process.found.clear()
    filing._Process.filed.clear()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a script that is changed; this process seems to run it."""
    folder = tmp_path / "project"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "trunk")
    (folder / "train.py").write_text("print(1)\n")
    (folder / ".gitignore").write_text("home/\n")
    commit(folder)
    (folder / "train.py").write_text("print(2)\n")
    monkeypatch.setattr(sys, "argv", [str(folder / "train.py"), "--token", "hunter2"])
    return folder


def git(folder: Path, *arguments: str) -> str:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    return subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


def commit(folder: Path) -> str:
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "x")
    return git(folder, "rev-parse", "HEAD").strip()


def tags_of(run: Any) -> dict[str, str]:
    return dict(treering.get_run(run.info.run_id).data.tags)


def files_of(run: Any, folder: str = "treering") -> list[str]:
    found = treering.artifacts.list_artifacts(run_id=run.info.run_id, artifact_path=folder)
    return sorted(info.path.removeprefix(f"{folder}/") for info in found)


def described(run: Any) -> Any:
    return treering.artifacts.load_dict(f"{tags_of(run)['treering.capture']}/environment.json")


@pytest.mark.parametrize("where", ["near", "far"])
def test_a_run_keeps_its_source_and_environment(
    where: str, fresh: Fresh, project: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_SECRET_OF_MINE", "hunter2")
    fresh(capture="all", **({} if where == "near" else {"tracking_uri": request.getfixturevalue("server").url}))
    (project / "notes.txt").write_text("untracked")
    with treering.start_run() as run:
        treering.log_metric("loss", 0.1)
    tags = tags_of(run)
    assert tags["mlflow.source.git.commit"] == git(project, "rev-parse", "HEAD").strip()
    assert (tags["mlflow.source.git.branch"], tags["mlflow.source.git.dirty"]) == ("trunk", "true")
    assert tags["treering.capture"] == f"runs:/{run.info.run_id}/treering"
    assert tags["treering.environment.python"] == ".".join(map(str, sys.version_info[:3]))
    assert files_of(run) == ["environment.json", "source.diff"]
    found = described(run)
    assert found["packages"]["pytest"] == metadata.version("pytest")
    assert found["hardware"]["cpu_count"] == os.cpu_count()
    assert found["command"][1:] == ["--token", "***"]
    assert found["entry"].endswith("train.py")
    assert found["source"]["untracked"] == ["notes.txt"]
    assert found["source"]["changed"] == ["train.py"]
    assert "hunter2" not in json.dumps(found)
    assert "+print(2)" in treering.artifacts.load_text(f"runs:/{run.info.run_id}/treering/source.diff")


@pytest.mark.usefixtures("project")
def test_the_settings_decide(fresh: Fresh) -> None:
    fresh(capture="tags")
    with treering.start_run() as only:
        pass
    fresh(capture="off")
    with treering.start_run() as without:
        pass
    assert tags_of(only)["mlflow.source.git.dirty"] == "true"
    assert "treering.capture" not in tags_of(only)
    assert not any(key.startswith("treering.") for key in tags_of(without))
    assert files_of(only) == files_of(without) == []
    fresh(capture="all")
    with treering.start_run(run_id=only.info.run_id):
        pass
    assert files_of(only) == ["environment.json", "source.diff"]


def test_a_setting_that_means_nothing_does_not_end_the_run(fresh: Fresh, caplog: pytest.LogCaptureFixture) -> None:
    fresh(capture="some")
    with treering.start_run() as run:
        pass
    assert treering.get_run(run.info.run_id).info.status == "FINISHED"
    assert "TREERING_CAPTURE is 'some'" in caplog.text


def test_the_diff_is_cut_at_a_line_and_says_so(fresh: Fresh, project: Path) -> None:
    fresh(capture="all", capture_max_bytes="1000")
    (project / "train.py").write_text("a line\n" * 10_000)
    with treering.start_run() as run:
        pass
    text = treering.artifacts.load_text(f"runs:/{run.info.run_id}/treering/source.diff")
    assert text.endswith("\n+a line\n[cut here: longer than TREERING_CAPTURE_MAX_BYTES=1000]\n")
    assert described(run)["source"]["diff"]["cut"] is True


def test_the_runs_of_a_process_share_a_look_until_the_commit_changes(
    fresh: Fresh, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh(capture="all")
    looks = []

    def look(asked: Any) -> Any:
        looks.append(asked)
        return answer(asked)

    monkeypatch.setattr(filing, "answer", look)
    runs = []
    for _ in range(3):
        with treering.start_run() as run:
            runs.append(run)
    assert len(looks) == 1
    assert [files_of(run) for run in runs] == [["environment.json", "source.diff"]] * 3
    second = commit(project)
    with treering.start_run() as run:
        pass
    assert len(looks) == 2
    assert tags_of(run)["mlflow.source.git.commit"] == second
    assert tags_of(run)["mlflow.source.git.dirty"] == "false"
    assert files_of(run) == ["environment.json"]


@pytest.mark.usefixtures("project")
def test_a_nested_run_points_to_what_its_parent_keeps(fresh: Fresh) -> None:
    fresh(capture="all")
    with treering.start_run() as parent:
        capture._Going.threads[parent.info.run_id].join(30)
        with treering.start_run(nested=True) as child:
            pass
    assert tags_of(child)["treering.capture"] == f"runs:/{parent.info.run_id}/treering"
    assert tags_of(child)["mlflow.source.git.dirty"] == "true"
    assert files_of(child) == []
    assert described(child)["source"]["changed"] == ["train.py"]


def test_a_resumed_run_is_captured_again_only_after_a_change(fresh: Fresh, project: Path) -> None:
    fresh(capture="all")
    with treering.start_run() as run:
        pass
    first = tags_of(run)

    def resume() -> str:
        # As another program would.
        filing._Process.found.clear()
        filing._Process.filed.clear()
        with treering.start_run(run_id=run.info.run_id):
            pass
        return tags_of(run)["treering.capture"].removeprefix(f"runs:/{run.info.run_id}/")

    assert resume() == "treering"
    assert {key: value for key, value in tags_of(run).items() if key != RESUMED_TAG} == first
    (project / "train.py").write_text("print(3)\n")
    assert resume() == "treering/2"
    commit(project)
    assert resume() == "treering/3"
    assert resume() == "treering/3"
    assert files_of(run) == ["2", "3", "environment.json", "source.diff"]
    assert files_of(run, "treering/3") == ["environment.json"]
    # As with MLflow, these tell where the run began.
    assert tags_of(run)["mlflow.source.git.commit"] == first["mlflow.source.git.commit"]


@pytest.mark.usefixtures("project")
def test_what_the_caller_says_of_the_source_stays(fresh: Fresh) -> None:
    fresh(capture="all")
    said = {"mlflow.source.git.commit": "of mine", "mlflow.source.git.branch": "mine"}
    with treering.start_run(tags=said) as run:
        pass
    assert said.items() <= tags_of(run).items()


@pytest.mark.usefixtures("project")
def test_what_cannot_be_kept_is_said_and_the_run_goes_on(
    fresh: Fresh, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    fresh(capture="all")
    assert logger.name == "treering"

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(filing, "answer", broken)
    with treering.start_run() as run:
        treering.log_metric("loss", 1.0)
    assert treering.get_run(run.info.run_id).info.status == "FINISHED"
    assert f"Source and environment of run {run.info.run_id} are not kept" in caplog.text


TRAINING = """
import os, signal, sys, treering
treering.set_tracking_uri(sys.argv[1])
treering.set_experiment("captured")
run = treering.start_run()
treering.log_metric("loss", 1.0)
print(run.info.run_id, flush=True)
if "--die" in sys.argv:
    os.kill(os.getpid(), signal.SIGKILL)
"""


def environment(home: Path) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("TREERING_", "MLFLOW_"))}
    return kept | {"TREERING_HOME": str(home), "TREERING_CAPTURE": "all"}


def train(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    (folder / "train.py").write_text(TRAINING)
    return subprocess.run(
        [sys.executable, str(folder / "train.py"), *arguments],
        env=environment(folder / "home"), cwd=folder.parent, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def treering_command(home: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        env=environment(home), capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_without_its_server_a_program_captures_and_sync_delivers(
    own_server: Server, fresh: Fresh, project: Path
) -> None:
    own_server.stop(signal.SIGKILL)
    done = train(project, own_server.url, "--password=hunter2")
    assert done.returncode == 0, done.stderr
    own_server.start()
    treering_command(project / "home", "sync")
    fresh(tracking_uri=own_server.url)
    run = treering.get_run(done.stdout.strip())
    assert run.info.status == "FINISHED"
    assert run.data.tags["mlflow.source.git.dirty"] == "true"
    assert files_of(run) == ["environment.json", "source.diff"]
    assert described(run)["command"][2:] == ["--password=***"]


def test_a_program_that_is_killed_leaves_a_run_that_can_be_read(fresh: Fresh, project: Path) -> None:
    done = train(project, "", "--die")
    assert done.returncode == -signal.SIGKILL
    fresh(home=str(project / "home"))
    run = treering.get_run(done.stdout.strip())
    assert run.data.tags["mlflow.source.git.commit"] == git(project, "rev-parse", "HEAD").strip()


def test_the_command_line_shows_it(project: Path) -> None:
    done = train(project, "")
    assert done.returncode == 0, done.stderr
    run_id = done.stdout.strip()
    shown = treering_command(project / "home", "runs", "describe", "-r", run_id)
    head = git(project, "rev-parse", "HEAD").strip()
    assert f"trunk {head[:12]} (changed)" in shown
    assert f"runs:/{run_id}/treering" in shown
