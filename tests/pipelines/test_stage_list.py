from __future__ import annotations

import pytest

from pipelines.test_dag import POINTER, STAGES
from projects import Project
from treering.core.errors import InvalidInput, NotFound
from treering.pipelines.stage_list import list_stages


@pytest.fixture
def stages(project: Project) -> Project:
    project.write("dvc.yaml", STAGES)
    project.write("raw/x.txt.dvc", POINTER)
    return project


def lines(project: Project, *targets: str, **options: bool) -> dict[str, str]:
    return {line.address: line.text for line in list_stages(project.repo, targets, **options)}  # type: ignore[arg-type]


def test_stages_of_the_file_here_tell_what_they_make(stages: Project) -> None:
    assert lines(stages) == {
        "prep": "Outputs out.txt",
        "train": "Reports metrics.json, logs.csv",
        "alone": "Outputs alone.txt",
        "fe@a": "Outputs f_a",
        "fe@b": "Outputs f_b",
        "mx@1": "Outputs mx_1",
        "mx@2": "Outputs mx_2",
    }


def test_targets_all_and_folders_choose_others(stages: Project) -> None:
    assert list(lines(stages, "mx", "mx@1")) == ["mx@1", "mx@2"]
    assert list(lines(stages, every=True))[-1] == "raw/x.txt.dvc"
    assert lines(stages, "raw", recursive=True) == {"raw/x.txt.dvc": "Outputs x.txt"}
    with pytest.raises(NotFound, match="nope"):
        lines(stages, "nope")


def test_a_description_counts_more_and_is_cut(project: Project) -> None:
    words = "word " * 30
    project.write(
        "dvc.yaml",
        f"stages:\n  a:\n    cmd: x\n    desc: |\n\n      first\n      second\n  b: {{cmd: x, desc: {words}}}\n",
    )
    assert lines(project)["a"] == "first"
    assert lines(project)["b"] == words[:79] + "…"


def test_stages_without_outputs_tell_what_they_need(project: Project) -> None:
    project.write(
        "dvc.yaml",
        "stages:\n  a: {cmd: x, deps: [d], params: [lr]}\n  b: {cmd: x}\n  c: {cmd: x, outs: [o], metrics: [m]}\n",
    )
    assert list(lines(project).values()) == [
        "Depends on d, params.yaml",
        "No outputs or dependencies",
        "Outputs o; Reports m",
    ]


def test_files_that_cannot_be_used_are_passed_over_unless_told(stages: Project) -> None:
    stages.write("bad/dvc.yaml", "stages: {a: {x: 1}}\n")
    assert "prep" in lines(stages, every=True)
    with pytest.raises(InvalidInput, match="bad"):
        lines(stages, every=True, fail=True)
