"""E1 to E3: experiments of one tool in the hands of the other, and DVCLive in the stages of both."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dvc_lab import Lab

pytestmark = pytest.mark.peer

TRAIN = """\
import json, os
lr = [line.split(":")[1].split("#")[0].strip() for line in open("params.yaml") if line.startswith("lr:")][0]
open("model.txt", "w").write(f"model {lr} of {open('data.txt').read()}")
json.dump({"acc": float(lr) / 2, "deep": {"loss": 0.25}}, open("metrics.json", "w"))
open("env.txt", "w").write(" ".join(sorted(name for name in os.environ if name.startswith("DVC_EXP"))))
"""

PIPELINE = """\
stages:
  train:
    cmd: python3 train.py
    deps: [data.txt, train.py]
    params: [lr, deep.er]
    outs:
    - model.txt
    - env.txt:
        cache: false
    metrics:
    - metrics.json:
        cache: false
"""


@pytest.fixture
def trained(lab: Lab) -> Lab:
    """Data, a stage that has run, and remotes for Git and data on this disk."""
    lab.write("data.txt", "data")
    lab.write("train.py", TRAIN)
    lab.write("dvc.yaml", PIPELINE)
    lab.write("params.yaml", "lr: 1  # the rate\ndeep: {er: 2}\nother: [1, a]\n")
    lab.dvc("add", "-q", "data.txt")
    lab.dvc("repro", "-q")
    lab.dvc("remote", "add", "-q", "-d", "store", str(lab.base / "store"))
    lab.commit("Train")
    lab.git("clone", "--quiet", "--bare", ".", str(lab.base / "far"))
    lab.git("remote", "add", "origin", str(lab.base / "far"))
    lab.dvc("push", "-q")
    return lab


def names(lab: Lab, tool: str) -> list[str]:
    return lab.tool(tool)("exp", "list", "-A", "--name-only").out.split()


def shown(lab: Lab, tool: str) -> Any:
    return lab.tool(tool)("exp", "show", "--json", "-A", "-f").json


def restored(lab: Lab) -> None:
    """As if nothing had run."""
    lab.git("checkout", "--quiet", ".")
    lab.dvc("checkout", "-q", "-f")


def test_e1_both_list_and_show_what_one_ran(trained: Lab, first: str, other: str) -> None:
    run = trained.tool(first)
    run("exp", "run", "-S", "lr=2", "-n", "here")
    run("exp", "run", "-S", "lr=3", "-S", "deep.er=x", "-n", "apart", "--temp")
    run("exp", "save", "-n", "saved")
    run("exp", "run", "-S", "lr=4", "-n", "message", "-m", "in\nlines")
    assert sorted(names(trained, other)) == sorted(names(trained, first)) == ["apart", "here", "message", "saved"]
    assert shown(trained, other) == shown(trained, first)
    for form in ("--csv", "--md"):
        assert trained.tool(other)("exp", "show", form).out == trained.tool(first)("exp", "show", form).out
    for pair in (["here", "apart"], ["message"], []):
        ours, theirs = (trained.tool(tool)("exp", "diff", *pair, "--json").json for tool in (other, first))
        assert ours == theirs
    assert trained.tool(other)("status").out == trained.tool(first)("status").out


def test_e1_the_same_run_makes_the_same_experiment(trained: Lab) -> None:
    made = {}
    for tool in ("dvc", "ours"):
        lab = trained.copy(tool)
        lab.tool(tool)("exp", "run", "-S", "lr=2", "-n", "same")
        made[tool] = lab
    one, two = made["dvc"], made["ours"]
    ref = one.git("for-each-ref", "--format=%(refname)", "refs/exps/*/*/same")
    assert two.git("for-each-ref", "--format=%(refname)", "refs/exps/*/*/same") == ref
    assert one.git("log", "-1", "--format=%B%P", ref) == two.git("log", "-1", "--format=%B%P", ref)
    files = one.git("ls-tree", "-r", ref).splitlines()
    # DVC writes the whole file of parameters anew; Treering leaves what was not set as it was.
    assert [line for line in files if "params.yaml" not in line] == [
        line for line in two.git("ls-tree", "-r", ref).splitlines() if "params.yaml" not in line
    ]
    assert two.git("show", f"{ref}:params.yaml") == "lr: 2  # the rate\ndeep: {er: 2}\nother: [1, a]"
    assert one.git("show", f"{ref}:env.txt") == two.git("show", f"{ref}:env.txt") == "DVC_EXP_BASELINE_REV DVC_EXP_NAME"
    assert one.git("status", "--porcelain") == two.git("status", "--porcelain")


def test_e1_the_same_working_tree_is_saved_as_the_same_experiment(trained: Lab) -> None:
    trained.write("params.yaml", "lr: 7\ndeep: {er: 2}\n")
    trained.write("metrics.json", '{"acc": 3}')
    trained.write("data.txt", "other data")
    trained.write("notes.txt", "of mine")
    trained.write("left.txt", "not in it")
    trained.write("dvc.yaml", PIPELINE + "metrics: [live.json]\n")
    trained.write("live.json", '{"step": 1}')
    made = {}
    for tool in ("dvc", "ours"):
        lab = trained.copy(tool)
        lab.tool(tool)("exp", "save", "-n", "same", "-I", "notes.txt")
        ref = lab.git("for-each-ref", "--format=%(refname)", "refs/exps/*/*/same")
        # DVC takes in how it was called, as a pickle.
        files = [line for line in lab.git("ls-tree", "-r", ref).splitlines() if "repro.dat" not in line]
        made[tool] = (ref, files, lab.git("log", "-1", "--format=%B%P", ref), lab.changes())
    assert made["ours"] == made["dvc"]
    assert {"notes.txt", "live.json"} <= {line.split("\t")[1] for line in made["ours"][1]}


def test_e1_one_applies_branches_renames_and_removes_what_the_other_ran(trained: Lab, first: str, other: str) -> None:
    trained.tool(first)("exp", "run", "-S", "lr=2", "-n", "mine")
    model, metrics = trained.read("model.txt"), trained.read("metrics.json")
    restored(trained)
    assert trained.read("model.txt") != model
    ask = trained.tool(other)
    ask("exp", "apply", "mine")
    assert (trained.read("model.txt"), trained.read("metrics.json")) == (model, metrics)
    assert "up to date" in trained.dvc("status").out
    ask("exp", "branch", "mine", "side")
    assert trained.git("show", "side:metrics.json") == metrics
    ask("exp", "rename", "mine", "yours")
    assert names(trained, first) == ["yours"]
    ask("exp", "remove", "yours")
    assert names(trained, first) == names(trained, other) == []


def test_e1_experiments_go_from_one_to_the_other_with_their_data(trained: Lab, first: str, other: str) -> None:
    trained.tool(first)("exp", "run", "-S", "lr=5", "-n", "mine")
    model = trained.read("model.txt")
    trained.tool(first)("exp", "push", "origin", "mine")
    friend = trained.clone("friend")
    friend.git("remote", "set-url", "origin", str(trained.base / "far"))
    ask = friend.tool(other)
    assert ask("exp", "list", "origin", "--name-only").out.split() == ["mine"]
    ask("exp", "pull", "origin", "mine")
    ask("exp", "apply", "mine")
    assert friend.read("model.txt") == model
    assert "up to date" in friend.dvc("status").out
    ask("exp", "remove", "-g", "origin", "mine")
    assert trained.tool(first)("exp", "list", "origin", "--name-only").out == ""


def test_e1_dvc_finds_what_our_queue_ran(trained: Lab) -> None:
    trained.ours("exp", "run", "--queue", "-S", "lr=2,3", "-n", "q")
    stash = trained.git("reflog", "show", "--format=%gs", "refs/exps/celery/stash").splitlines()
    assert [line.rpartition(":")[2] for line in stash] == ["q-2", "q-1"]
    trained.ours("exp", "run", "--run-all", "-j", "2")
    assert sorted(names(trained, "dvc")) == ["q-1", "q-2"]
    assert trained.git("for-each-ref", "refs/exps/celery/stash") == ""
    executors = {one["name"]: one for one in shown(trained, "ours")[1]["experiments"]}
    for one in shown(trained, "dvc")[1]["experiments"]:
        assert one["revs"] == executors[one["name"]]["revs"]
        assert executors[one["name"]]["executor"]["state"] == "success"
    trained.dvc("exp", "apply", "q-2")
    assert trained.read("model.txt") == "model 3 of data"


def test_e1_a_queued_experiment_of_ours_can_be_applied_by_dvc(trained: Lab) -> None:
    trained.ours("exp", "run", "--queue", "-S", "lr=2")
    commit = trained.git("rev-parse", "refs/exps/celery/stash")
    trained.dvc("exp", "apply", commit)
    assert trained.read("params.yaml").startswith("lr: 2")


LIVE = """\
from dvclive import Live
with Live(save_dvc_exp=True) as live:
    live.log_param("rate", 3)
    for step in range(3):
        live.log_metric("train/acc", step / 2)
        live.next_step()
"""


def test_e3_experiments_of_dvclive_are_shown(trained: Lab) -> None:
    trained.write("live.py", LIVE)
    trained.commit("Live")
    trained.python("import runpy; runpy.run_path('live.py')")
    (name,) = names(trained, "ours")
    assert names(trained, "dvc") == [name]
    ours = shown(trained, "ours")
    assert ours == shown(trained, "dvc")
    data = ours[1]["experiments"][0]["revs"][0]["data"]
    assert data["metrics"]["dvclive/metrics.json"]["data"]["train"] == {"acc": 1.0}
    assert data["params"]["dvclive/params.yaml"]["data"] == {"rate": 3}


def test_e3_dvclive_in_a_stage_works_as_under_dvc(trained: Lab) -> None:
    trained.write("live.py", LIVE)
    python = str(Path(trained.python("import sys; print(sys.executable)").out.strip()))
    trained.write("dvc.yaml", f"stages:\n  live:\n    cmd: {python} live.py\n    deps: [live.py]\n    params: [lr]\n")
    trained.commit("Live")
    made = {}
    for tool in ("dvc", "ours"):
        lab = trained.copy(tool)
        lab.tool(tool)("exp", "run", "-S", "lr=2", "-n", "same")
        ref = lab.git("for-each-ref", "--format=%(refname)", "refs/exps/*/*/same")
        assert lab.git("for-each-ref", "--format=x", "refs/exps/*/*/*") == "x"
        made[tool] = (
            {
                line.split("\t")[1]: line
                for line in lab.git("ls-tree", "-r", ref).splitlines()
                if "params.yaml" not in line
            },
            json.dumps(shown(lab, "ours")[1]["experiments"][0]["revs"][0]["data"]["metrics"]),
        )
    assert made["dvc"][0].keys() == made["ours"][0].keys()
    assert made["dvc"][1] == made["ours"][1]


def test_e1_what_dvc_has_queued_is_shown_and_can_be_applied(trained: Lab) -> None:
    trained.dvc("exp", "run", "--queue", "-S", "lr=2", "-n", "waiting")
    assert shown(trained, "ours") == shown(trained, "dvc")
    assert "waiting" in trained.ours("queue", "status").out
    trained.ours("exp", "apply", "waiting")
    assert trained.read("params.yaml").startswith("lr: 2")
    assert not (trained.root / ".dvc" / "tmp" / "repro.dat").exists()
