"""The example project, as real DVC ran it: its lock file and the names of its runs were taken from DVC 3.67.1."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from example_project import DATA, STAGES, write_example
from projects import Project
from repro_project import run, status, with_python
from treering.pipelines.stages import load_stages
from treering.versioning.entries import Output
from treering.versioning.pointers import Pointer, write_pointer
from treering.versioning.save import save_output

DVCS = (Path(__file__).parent / "example.lock").read_bytes()
RUNS = {"b3920437e9db8683", "800ae02bd581c642", "0d49d0c8588a66cd", "a74e82e3d4529206"}


@pytest.fixture
def example(project: Project) -> Project:
    write_example(project.root)
    data = project.root / DATA
    write_pointer(Pointer(data.with_name("data.csv.dvc"), (save_output(project.repo, Output("data.csv"), data),)))
    return with_python(project)


@pytest.mark.parametrize("jobs", [1, 3])
def test_the_example_gives_the_lock_file_and_the_runs_of_dvc(example: Project, jobs: int) -> None:
    ran = run(example, jobs=jobs)
    assert ran.error == ""
    assert tuple(ran.report.ran) == STAGES
    assert (example.root / "dvc.lock").read_bytes() == DVCS
    assert {path.name[:16] for path in example.root.glob(".dvc/cache/runs/*/*")} == RUNS
    assert json.loads(example.read("eval/metrics.json"))["accuracy"] > 0.9
    assert status(example) == {}


def test_a_parameter_runs_what_depends_on_it_and_no_more(example: Project) -> None:
    run(example)
    example.write("params.yaml", example.read("params.yaml").replace("epochs: 40", "epochs: 41"))
    assert status(example) == {"train": [{"changed deps": {"params.yaml": {"train.epochs": "modified"}}}]}
    assert run(example).report.ran == ["train", "evaluate"]
    example.write("params.yaml", example.read("params.yaml").replace("epochs: 41", "epochs: 40"))
    assert run(example).report.cached == ["train", "evaluate"]
    assert (example.root / "dvc.lock").read_bytes() == DVCS


def test_everything_comes_back_from_the_cache(example: Project) -> None:
    run(example)
    for name in ("data/prepared", "data/features", "eval"):
        shutil.rmtree(example.root / name)
    (example.root / "dvc.lock").unlink()
    assert tuple(run(example).report.cached) == STAGES
    assert (example.root / "dvc.lock").read_bytes() == DVCS


def test_its_graph_is_what_it_says(example: Project) -> None:
    stages = load_stages(example.repo)
    assert stages.graph.upstream == {
        "data/data.csv.dvc": (),
        "prepare": ("data/data.csv.dvc",),
        "featurize": ("prepare",),
        "train": ("featurize",),
        "evaluate": ("featurize", "train"),
    }
    assert stages.definition("dvc.yaml").artifacts()["classifier"]["path"] == "model.json"
