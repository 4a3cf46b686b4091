"""Verbs of experiments and their queue, called in both command lines."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Command = Callable[..., Any]
Write = Callable[[str, str], None]


@pytest.fixture
def trained(repo: Path, dvc: Command, write: Write, commit: Callable[[], None]) -> Path:
    """A stage whose metric is its parameter, run and committed."""
    write("params.yaml", "lr: 1\n")
    write(
        "dvc.yaml",
        "stages:\n  train:\n    cmd: 'cp params.yaml m.yaml'\n    params: [lr]\n    metrics: [{m.yaml: {cache: false}}]\n",
    )
    dvc("repro", "-q")
    commit()
    return repo


@pytest.mark.usefixtures("repo")
def test_there_is_nothing_yet(dvc: Command) -> None:
    assert dvc("exp", "list").out == ""
    assert dvc("queue", "status").out == "No experiment tasks in the queue.\n\nWorker status: 0 active, 0 idle\n"
    for call in ("apply", "branch", "remove"):
        dvc("exp", call, "nothing", code=255)
    dvc("exp", "remove", code=255)
    dvc("exp", "rename", "nothing", code=255)
    dvc("queue", "remove", code=255)
    dvc("queue", "logs", "nothing", code=255)


@pytest.mark.usefixtures("trained")
def test_run_list_show_apply_branch_rename_remove(dvc: Command, treering: Command) -> None:
    ran = dvc("exp", "run", "-n", "faster", "-S", "lr=3").out
    assert "Running stage 'train':\n> cp params.yaml m.yaml\n" in ran
    assert ran.endswith("\nRan experiment(s): faster\nExperiment results have been applied to your workspace.\n")
    assert dvc("exp", "list", "--names-only").out == "faster\n"
    listed = dvc("exp", "list").out.splitlines()
    assert (listed[0], listed[1][8:]) == ("main:", " [faster]")
    (baseline,) = treering("exp", "list", "--json").json.values()
    assert baseline[0]["name"] == "faster"
    assert dvc("exp", "list", "--sha-only").out.strip() == baseline[0]["rev"]

    rows = dvc("exp", "show", "--json").json
    assert rows[0]["rev"] == "workspace"
    assert rows[1]["experiments"][0]["name"] == "faster"
    table = dvc("exp", "show", "--csv").out.splitlines()
    assert table[0] == "Experiment,rev,typ,Created,parent,m.yaml:lr,params.yaml:lr"
    assert dvc("exp", "show", "--md").out.startswith("| Experiment ")
    assert "faster" in dvc("exp", "show", "--no-pager").out

    assert dvc("exp", "diff", "HEAD", "faster").out.splitlines()[1].split() == ["m.yaml", "lr", "1", "3", "2"]
    assert dvc("exp", "diff", "--json").json["params"] == {"params.yaml": {"lr": {"old": 1, "new": 3, "diff": 2}}}
    subprocess.run(["git", "checkout", "--quiet", "--", "."], check=True)
    applied = "Changes for experiment 'faster' have been applied to your current workspace.\n"
    assert dvc("exp", "apply", "faster").out == applied
    assert Path("params.yaml").read_text() == "lr: 3\n"
    assert dvc("exp", "branch", "faster").out.startswith(
        "Git branch 'faster-branch' has been created from experiment 'faster'.\nTo switch to the new branch run:\n"
    )
    assert dvc("exp", "rename", "faster", "fast").out == "Renamed experiments: 'faster'\n"
    assert dvc("exp", "remove", "fast").out == "Removed experiments: 'fast'\n"
    assert dvc("exp", "list").out == ""
    assert dvc("exp", "clean").out == "Done!\n"


@pytest.mark.usefixtures("trained")
def test_a_run_in_a_folder_of_its_own_leaves_the_working_tree(dvc: Command) -> None:
    told = dvc("exp", "run", "--temp", "-n", "apart", "-S", "lr=5").out
    assert "Ran experiment(s): apart\nTo apply the results" in told
    assert Path("params.yaml").read_text() == "lr: 1\n"
    assert dvc("exp", "run", "--dry", "-S", "lr=7").out.endswith("> cp params.yaml m.yaml\n")
    assert dvc("exp", "list", "--names-only").out == "apart\n"


@pytest.mark.usefixtures("trained")
def test_save(dvc: Command, treering: Command, write: Write) -> None:
    write("params.yaml", "lr: 9\n")
    write("m.yaml", "lr: 9\n")
    write("loose", "not tracked\n")
    saved = dvc("exp", "save", "-n", "mine")
    assert saved.out == "Experiment has been saved as: mine\n"
    assert "loose" in saved.err
    assert len(treering("exp", "save", "--json", "-n", "more").json["ref"]) == 40


@pytest.mark.usefixtures("trained")
def test_the_queue(dvc: Command, treering: Command) -> None:
    queued = dvc("exp", "run", "--queue", "-S", "lr=2,3").out
    assert queued.count("for future execution.") == 2
    assert "Queueing with overrides '" in queued
    dvc("exp", "run", "--queue", "-n", "broken", "-S", "lr=4")
    listed = dvc("queue", "status").out.splitlines()
    assert listed[0].split() == ["Task", "Name", "Created", "Status"]
    assert listed[-1] == "Worker status: 0 active, 0 idle"
    found = treering("exp", "queue", "status", "--json").json
    assert [task["state"] for task in found["tasks"]] == ["queued"] * 3
    assert dvc("queue", "remove", "broken").out == "Removed tasks in queue: broken\n"
    assert "Ran experiment(s): " in dvc("exp", "run", "--run-all", "-j", "1").out
    assert {task["state"] for task in treering("exp", "queue", "status", "--json").json["tasks"]} == {"success"}
    name = dvc("exp", "list", "--names-only").out.split()[0]
    told = dvc("queue", "logs", name).out
    assert f"'{name}'" in told
    assert "Running stage 'train':\n> cp params.yaml m.yaml\n" in told
    assert dvc("queue", "remove", "--success").out.startswith("Removed tasks in queue: ")
    assert dvc("queue", "stop").out == "Queue workers will stop after running tasks finish.\n"
    assert dvc("exp", "run", "--run-all").out == "No experiments in the queue.\n"


@pytest.mark.usefixtures("trained")
def test_push_and_pull(dvc: Command, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", "--bare", str(tmp_path / "hub")], check=True)
    subprocess.run(["git", "remote", "add", "origin", str(tmp_path / "hub")], check=True)
    subprocess.run(["git", "push", "--quiet", "origin", "main"], check=True)
    assert dvc("exp", "push", "origin").out == "No experiments to push.\n"
    dvc("exp", "run", "-q", "-n", "faster", "-S", "lr=3")
    assert (
        dvc("exp", "push", "--no-cache", "origin", "faster").out == "Pushed experiment faster to Git remote 'origin'.\n"
    )
    assert "is up to date on Git remote 'origin'" in dvc("exp", "push", "--no-cache", "origin", "faster").out
    assert dvc("exp", "list", "origin").out == "main:\n\tfaster\n"
    dvc("exp", "remove", "faster")
    assert (
        dvc("exp", "pull", "--no-cache", "origin", "faster").out
        == "Pulled experiment '['faster']' from Git remote 'origin'.\n"
    )
    assert dvc("exp", "list", "--names-only").out == "faster\n"
    assert dvc("exp", "remove", "-g", "origin", "faster").out == "Removed experiments: 'faster'\n"


@pytest.mark.usefixtures("trained")
def test_experiments_become_runs_of_the_tracking_store(treering: Command) -> None:
    assert "no experiments to track" in treering("exp", "track").out
    treering("exp", "run", "-q", "-n", "slow", "-S", "lr=2")
    told = treering("exp", "run", "--track", "-n", "fast", "-S", "lr=5")
    assert "Ran experiment(s): fast" in told.out
    assert told.err == ""
    report = treering("exp", "track", "--json").json
    assert list(report["created"]) == ["slow"]
    assert (report["known"], report["failed"]) == (1, {})
    run = treering("runs", "describe", "--json", "--run-id", report["created"]["slow"]).json
    assert (run["run_name"], run["params"]) == ("slow", {"lr": "2"})
    assert treering("exp", "track", "fast").out == "1 was tracked before.\n"
    assert (
        treering("exp", "track", "--into", "other", "--json", "fast").json["experiment_id"] != report["experiment_id"]
    )
    assert "'nothing'" in treering("exp", "track", "nothing", code=1).err
    assert "not both" in treering("exp", "track", "fast", "-A", code=2).err


@pytest.mark.usefixtures("trained")
def test_a_store_that_cannot_be_reached_does_not_spoil_the_experiment(
    treering: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TREERING_TRACKING_URI", "sqlite:////dev/null/all.db")
    told = treering("exp", "run", "--track", "-n", "fast", "-S", "lr=5")
    assert "Ran experiment(s): fast" in told.out
    assert "was not tracked" in told.err
    assert "`treering exp track`" in told.err


@pytest.mark.usefixtures("trained")
def test_a_tree_of_its_own_is_made_where_it_is_wanted(treering: Command, tmp_path: Path) -> None:
    stage = Path("dvc.yaml").read_text().replace("'cp params.yaml m.yaml'", "'cp params.yaml m.yaml; pwd'")
    Path("dvc.yaml").write_text(stage)
    elsewhere = tmp_path / "fast disk"
    told = treering("exp", "run", "--temp", "--trees", str(elsewhere), "-n", "apart", "-S", "lr=5").out
    assert f"\n{elsewhere}/exp-" in told
    assert "\n\ttreering exp apply <exp>\n" in told
    assert "\n\ttreering exp branch <exp> <branch>\n" in told
    assert "--temp or --queue" in treering("exp", "run", "--trees", str(elsewhere), code=2).err


@pytest.mark.usefixtures("trained")
@pytest.mark.parametrize("where", [[], ["--temp"]])
def test_a_run_that_fails_names_the_log_with_what_it_printed(dvc: Command, where: list[str]) -> None:
    Path("dvc.yaml").write_text("stages:\n  train:\n    cmd: echo the reason; exit 3\n    params: [lr]\n")
    told = dvc("exp", "run", *where, "-n", "broken", code=255)
    log = Path(told.err.rpartition("What it printed is in ")[2].strip().removesuffix("."))
    assert log.read_text() == "the reason\n"
    assert log.is_relative_to(Path.cwd())


@pytest.mark.usefixtures("trained")
def test_plots_of_an_experiment_are_laid_over_those_of_the_commit_that_it_comes_from(dvc: Command) -> None:
    Path("dvc.yaml").write_text(
        "stages:\n  draw:\n    cmd: printf 'x,y\\n1,2\\n' > p.csv\n    params: [lr]\n    plots: [{p.csv: {cache: false}}]\n"
    )
    dvc("repro", "-q")
    subprocess.run(["git", "add", "--all"], check=True)
    subprocess.run(["git", "commit", "--quiet", "-m", "Draw"], check=True)
    head = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout[:7]
    dvc("exp", "run", "-q", "-n", "fast", "-S", "lr=5")

    def drawn(*more: str) -> Any:
        (plot,) = dvc("plots", "diff", "--json", *more).json["data"].values()
        return plot[0]["revisions"]

    assert drawn("-e", "fast") == ["fast", head]
    assert drawn("fast") == ["workspace", "fast"]
    # What is no experiment, or is more than one revision, is compared as ever.
    assert drawn("-e", "HEAD") == ["workspace", "HEAD"]
    assert drawn("-e", "fast", "main") == ["fast", "main"]
