"""E1, E2, E4: tables of experiments, metrics, params and plots as DVC prints them, and DVC's own Python interface."""

from __future__ import annotations

import json
import math
import shutil
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
        # DVC leaves the order of its list to chance.
        lists = words[1] == "list" and sorted(got.out.splitlines()) == sorted(expected.out.splitlines())
        if got.code != expected.code or not (lists or alike(expected.out, got.out)):
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
    """The same value where both are JSON, apart from how a plot is drawn; the same words otherwise."""
    try:
        return equal(without_drawing(json.loads(one)), without_drawing(json.loads(other)))
    except ValueError:
        return [line.rstrip() for line in one.splitlines()] == [line.rstrip() for line in other.splitlines()]


def without_drawing(told: Any) -> Any:
    """What a plot shows: each tool has templates of its own."""
    if isinstance(told, dict) and isinstance(told.get("content"), dict):
        return {**told, "content": told["content"]["data"]["values"]}
    if isinstance(told, dict):
        return {key: without_drawing(value) for key, value in told.items()}
    return [without_drawing(value) for value in told] if isinstance(told, list) else told


def equal(one: Any, other: Any) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(equal(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(equal, one, other))
    if isinstance(one, float) and isinstance(other, float) and math.isnan(one):
        return math.isnan(other)
    return type(one) is type(other) and bool(one == other)


API = """\
import json, pathlib, dvc.api
from dvc.api import DVCFileSystem
told = {{}}
for rev in (None, "HEAD", "v1"):
    at = {{"rev": rev, "repo": {root!r}}}
    told[str(rev)] = [
        dvc.api.read("model.bin", **at), dvc.api.params_show(**at), dvc.api.metrics_show(**at),
        dvc.api.get_url("model.bin", **at), dvc.api.params_show(stages="train", **at), dvc.api.get_url("data", **at),
        dvc.api.read("data/deep/one.txt", mode="rb", **at).decode(),
    ]
    with dvc.api.open("loss.csv", **at) as stream:
        told[str(rev)].append(stream.read())
    fs = DVCFileSystem({root!r}, rev=rev)
    told[str(rev)].append(sorted(fs.find("/")))
    told[str(rev)].append([fs.isdvc(path) for path in ("/model.bin", "/train.py", "/data/deep")])
    told[str(rev)].append([fs.info(path)["dvc_info"]["md5"] for path in ("/model.bin", "/data", "/data/deep/one.txt")])
    told[str(rev)].append(sorted(fs.ls("/data", detail=False)))
    target = pathlib.Path({root!r}).parent / f"got {{rev}}"
    fs.get("data", str(target), recursive=True)
    told[str(rev)].append({{str(file.relative_to(target)): file.read_text() for file in target.rglob("*") if file.is_file()}})
told["rows"] = [[row["Experiment"], row["lr"], row["loss"], row["model.bin"] if "model.bin" in row else None]
                for row in dvc.api.exp_show({root!r}, revs=["HEAD", "v1"])]
print(json.dumps(told))
"""


def test_e4_dvcs_python_interface_works_on_what_treering_made(blank: Lab, tmp_path: Path) -> None:
    told = []
    for tool in ("ours", "dvc"):
        lab = blank.copied_to(tmp_path / tool)
        lab.tool(tool)("remote", "add", "-d", "store", str(lab.base / "store"))
        lab.write("dvc.yaml", PIPELINE)
        lab.write("train.py", TRAIN)
        for lr in ("0.1", "0.2"):
            lab.write("params.yaml", f"lr: {lr}\nmodel:\n  depth: 3\n")
            lab.write("data/deep/one.txt", f"one {lr}")
            lab.write("data/é b.txt", "two")
            lab.tool(tool)("add", "-q", "data")
            lab.tool(tool)("repro", "-q")
            lab.commit(f"lr {lr}")
        lab.git("tag", "v1", "HEAD~1")
        lab.tool(tool)("push", "-q", "-A")
        # Nothing but the remote has the data of the first commit then.
        shutil.rmtree(lab.root / ".dvc" / "cache")
        told.append(
            json.loads(lab.python(API.format(root=str(lab.root))).out.replace(str(lab.base), "BASE").splitlines()[-1])
        )
    assert told[0] == told[1]
    assert told[0]["v1"][0] == "model 0.1\n"
    assert told[0]["v1"][-1] == {"deep/one.txt": "one 0.1", "é b.txt": "two"}
