"""From a file that a repository tracks to the version of a model: as users make it, with the commands and in their code."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from projects import Project, make_project
from server_process import Server
from treering.versioning.add import add

STAGES = """\
stages:
  prep:
    cmd: python prep.py
    deps: [data/raw.csv, prep.py]
    outs: [ready]
  train:
    cmd: python train.py
    deps: [ready/table.csv, train.py]
    outs: [report.txt]
"""
PREP = """\
import pathlib
pathlib.Path("ready").mkdir(exist_ok=True)
pathlib.Path("ready/table.csv").write_text(pathlib.Path("data/raw.csv").read_text().upper())
"""
TRAIN = """\
import pathlib
import treering
with treering.start_run():
    treering.log_input("data/raw.csv", context="reference")
    treering.log_input("ready", context="train")
    treering.pyfunc.log_model(name="upper", python_model=lambda model_input: model_input, registered_model_name="shouting")
pathlib.Path("report.txt").write_text("done")
"""
pytest.importorskip("cloudpickle")
MODULE = "from treering.cli.main import main; main()"


def made(folder: Path) -> Project:
    """Tracked data, and code that logs by itself."""
    project = make_project(folder)
    project.environ["PATH"] = f"{Path(sys.executable).parent}:{project.environ['PATH']}"
    project.environ["TREERING_HOME"] = str(folder / "home")
    project.write("data/raw.csv", "a,b\n1,2\n")
    add(project.repo, [project.root / "data" / "raw.csv"])
    project.write("dvc.yaml", STAGES)
    project.write("prep.py", PREP)
    project.write("train.py", TRAIN)
    project.commit("data and code")
    return project


def treering(project: Project, *arguments: str) -> str:
    return project.run(sys.executable, "-c", MODULE, *arguments)


def kinds(graph: dict[str, object]) -> list[tuple[str, str]]:
    return [(node["kind"], node["label"]) for node in graph["nodes"]]  # type: ignore[attr-defined,index]


@pytest.fixture(scope="module", params=["near", "far"])
def tracked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """The pipeline has run, with its runs kept here or on a server."""
    folder = tmp_path_factory.mktemp("lineage")
    project = made(folder)
    if request.param == "near":
        treering(project, "repro", "--track")
        yield project
        return
    server = Server(["--port", "0"], folder / "server")
    try:
        project.environ["TREERING_TRACKING_URI"] = server.wait_ready().url
        treering(project, "repro", "--track")
        yield project
    finally:
        server.end(signal.SIGTERM)


def test_a_file_leads_to_the_version_of_the_model_that_came_of_it(tracked: Project) -> None:
    md5 = next(line.split()[-1] for line in tracked.read("data/raw.csv.dvc").splitlines() if "md5: " in line)
    told = json.loads(treering(tracked, "lineage", f"datasets:/raw.csv/{md5}", "--down", "6", "--json"))
    found = kinds(told)
    assert found[0] == ("dataset", "raw.csv")
    assert {("run", "prep"), ("dataset", "ready"), ("run", "train"), ("model_version", "shouting v1")} <= set(found)
    assert [kind for kind, _ in found].count("logged_model") == 1
    ids = {node["label"]: node["id"] for node in told["nodes"]}
    edges = {(edge["source"], edge["target"]) for edge in told["edges"]}
    model = next(node["id"] for node in told["nodes"] if node["kind"] == "logged_model")
    way = [ids["raw.csv"], ids["prep"], ids["ready"], ids["train"], model, ids["shouting v1"]]
    assert set(pairwise(way)) <= edges


def test_the_version_of_the_model_leads_back_to_the_file(tracked: Project) -> None:
    told = json.loads(treering(tracked, "lineage", "models:/shouting/1", "--up", "6", "--json"))
    found = kinds(told)
    assert {("run", "prep"), ("dataset", "ready"), ("run", "train"), ("dataset", "raw.csv")} <= set(found)
    # What the code logged itself and what the pipeline knows is one and the same version.
    assert [label for kind, label in found if kind == "dataset"].count("raw.csv") == 1
    assert [label for kind, label in found if kind == "dataset"].count("ready") == 1


def test_a_path_stands_for_what_is_tracked_of_it(tracked: Project) -> None:
    assert "shouting v1" in treering(tracked, "lineage", "data/raw.csv", "--down", "6")
    told = json.loads(treering(tracked, "lineage", str(tracked.root / "ready"), "--json"))
    assert told["root"].startswith("datasets:/ready/")


def test_a_path_that_nobody_recorded_is_told_with_what_to_do(tracked: Project) -> None:
    tracked.write("other.txt", "x")
    add(tracked.repo, [tracked.root / "other.txt"])
    with pytest.raises(AssertionError, match=r"other\.txt.*no run"):
        treering(tracked, "lineage", "other.txt")
    with pytest.raises(AssertionError, match=r"prep\.py"):
        treering(tracked, "lineage", "prep.py")
