"""E1, E2, E4: tables of experiments, metrics, params and plots as DVC prints them, and DVC's own Python interface."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from dvc_lab import Lab, no_differences

pytestmark = pytest.mark.peer

PIPELINE = """\
stages:
  train:
    cmd: python3 train.py
    deps:
    - train.py
    params:
    - lr
    - model.depth
    outs:
    - model.bin
    metrics:
    - metrics.json:
        cache: false
    plots:
    - loss.csv:
        x: step
        y: loss
"""
TRAIN = """\
import json, pathlib
params = dict(line.strip().split(": ") for line in open("params.yaml") if line.count(": ") == 1)
lr = float(params["lr"])
pathlib.Path("model.bin").write_text(f"model {lr}\\n")
pathlib.Path("metrics.json").write_text(json.dumps({"loss": 1 - lr, "val": {"acc": lr / 2}}))
pathlib.Path("loss.csv").write_text("step,loss\\n" + "".join(f"{n},{1 - lr * n / 4}\\n" for n in range(4)))
"""


@pytest.fixture(scope="module")
def trained_once(blank: Lab, tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """A pipeline with parameters, metrics and plots, run by DVC and committed twice; not to be changed."""
    lab = blank.copied_to(tmp_path_factory.mktemp("trained") / "lab")
    lab.write("dvc.yaml", PIPELINE)
    lab.write("train.py", TRAIN)
    for lr in ("0.1", "0.2"):
        lab.write("params.yaml", f"lr: {lr}\nmodel:\n  depth: 3\n")
        lab.dvc("repro", "-q")
        lab.commit(f"lr {lr}")
    lab.git("tag", "v1", "HEAD~1")
    return lab


@pytest.fixture
def trained(trained_once: Lab, tmp_path: Path) -> Lab:
    """A copy of it of one's own."""
    return trained_once.copied_to(tmp_path / "trained")


def test_e1_tables_of_experiments_are_the_same(trained: Lab) -> None:
    for name, lr in (("one", "0.3"), ("two", "0.4")):
        trained.dvc("exp", "run", "-q", "-n", name, "-S", f"lr={lr}")
    different = {}
    for words in (
        ("exp", "show", "--csv"), ("exp", "show", "--csv", "-A"), ("exp", "show", "--csv", "--sort-by", "loss", "--sort-order", "desc"),
        ("exp", "show", "--csv", "--drop", ".*depth"), ("exp", "show", "--csv", "--only-changed"), ("exp", "show", "--md", "--sha"),
        ("exp", "list"), ("exp", "list", "-A"), ("exp", "list", "--sha-only"), ("exp", "diff", "one", "two", "--json"),
        ("exp", "diff", "one", "two", "--md"), ("exp", "diff", "HEAD", "two", "--all", "--json"), ("exp", "list", "--rev", "v1"),
    ):  # fmt: skip
        expected, got = trained.dvc(*words, code=None), trained.ours(*words, code=None)
        if (got.code, got.out) != (expected.code, expected.out):
            different[words] = (expected, got)
    no_differences(different)


ASKED = (
    "metrics show --json", "metrics show --json -a", "metrics show --json -T", "metrics show --json -A", "metrics show --json metrics.json",
    "metrics diff --json", "metrics diff --json v1", "metrics diff --json v1 HEAD --all", "metrics diff --json --targets metrics.json -- v1",
    "params diff --json", "params diff --json v1", "params diff --json v1 HEAD --all", "params diff --json v1 --deps",
    "plots show --json", "plots show --json loss.csv", "plots diff --json v1 HEAD", "plots diff --json v1", "plots templates",
    "metrics show", "metrics diff v1", "metrics diff v1 --md", "params diff v1", "params diff v1 --md", "metrics show --md",
    "diff --json v1", "diff v1", "diff --json v1 HEAD", "diff --show-hash v1", "dag --dot", "dag --mermaid", "dag", "dag --md",
    "stage list", "stage list --all", "metrics show none --json", "params diff none", "list . -R --dvc-only --json",
)  # fmt: skip


@pytest.mark.parametrize("state", ["as it was committed", "changed"])
def test_e2_metrics_params_and_plots_are_the_same(trained: Lab, state: str) -> None:
    if state == "changed":
        trained.write("params.yaml", "lr: 0.25\nmodel:\n  depth: 4\n  new: [1, 2]\n")
        trained.write("metrics.json", '{"loss": 0.7512345678, "val": {"acc": "text"}, "nan": NaN}')
        trained.write("loss.csv", "step,loss\n0,0.5\n")
    different = {}
    for call in ASKED:
        expected, got = trained.dvc(*call.split(), code=None), trained.ours(*call.split(), code=None)
        if got.code != expected.code or not alike(expected.out, got.out):
            different[call] = (expected, got)
    no_differences(different)


def alike(one: str, other: str) -> bool:
    """The same value where both are JSON; the same words otherwise."""
    try:
        return equal(json.loads(one), json.loads(other))
    except ValueError:
        return [line.rstrip() for line in one.splitlines()] == [line.rstrip() for line in other.splitlines()]


def equal(one: Any, other: Any) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(equal(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(equal, one, other))
    if isinstance(one, float) and isinstance(other, float) and math.isnan(one):
        return math.isnan(other)
    return type(one) is type(other) and bool(one == other)


API = """\
import json, dvc.api
from dvc.api import DVCFileSystem
told = {{}}
for rev in (None, "HEAD", "v1"):
    at = {{"rev": rev, "repo": {root!r}}}
    told[str(rev)] = [
        dvc.api.read("model.bin", **at), dvc.api.params_show(**at), dvc.api.metrics_show(**at),
        dvc.api.get_url("model.bin", **at), dvc.api.params_show(stages="train", **at),
    ]
    with dvc.api.open("loss.csv", **at) as stream:
        told[str(rev)].append(stream.read())
    fs = DVCFileSystem({root!r}, rev=rev)
    told[str(rev)].append(sorted(fs.find("/")))
    told[str(rev)].append(fs.isdvc("/model.bin"))
print(json.dumps(told))
"""


def test_e4_dvcs_python_interface_works_on_what_treering_made(trained_once: Lab, blank: Lab, tmp_path: Path) -> None:
    lab = blank.copied_to(tmp_path / "ours")
    lab.write("dvc.yaml", PIPELINE)
    lab.write("train.py", TRAIN)
    for lr in ("0.1", "0.2"):
        lab.write("params.yaml", f"lr: {lr}\nmodel:\n  depth: 3\n")
        lab.ours("repro", "-q")
        lab.commit(f"lr {lr}")
    lab.git("tag", "v1", "HEAD~1")
    lab.ours("remote", "add", "-d", "store", str(lab.base / "store"))
    lab.commit("Remote")
    lab.ours("push", "-q", "-A")
    theirs = trained_once.copied_to(tmp_path / "theirs")
    theirs.dvc("remote", "add", "-d", "store", str(theirs.base / "store"))
    theirs.commit("Remote")
    theirs.dvc("push", "-q", "-A")
    told = [
        one.python(API.format(root=str(one.root))).out.replace(str(one.base), "BASE").splitlines()[-1]
        for one in (lab, theirs)
    ]
    assert json.loads(told[0]) == json.loads(told[1])
    assert json.loads(told[0])["v1"][0] == "model 0.1\n"
