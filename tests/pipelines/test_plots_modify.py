from __future__ import annotations

from typing import Any

import pytest

from pipelines.test_dag import POINTER
from projects import Project
from treering.core.errors import InvalidInput, NotFound
from treering.pipelines.plots_modify import modify_plot

STAGES = """\
# top
stages:
  pl:   # one
    cmd: echo ${lr}   # two
    plots:
    - pl.csv:   # keep
        x: a
    - pl2.csv
    outs: [o1]
"""


@pytest.fixture
def stages(project: Project) -> Project:
    project.write("params.yaml", "lr: 1\n")
    project.write("dvc.yaml", STAGES)
    project.write("x.txt.dvc", POINTER)
    return project


def modify(project: Project, target: str, *unset: str, **properties: Any) -> str:
    modify_plot(project.repo, target, properties, unset)
    return project.read("dvc.yaml")


def test_properties_are_set_and_taken_away_beside_comments(stages: Project) -> None:
    assert modify(stages, "pl.csv", x="b", title="T t") == STAGES.replace("x: a", "x: b\n        title: T t")
    assert "    - pl.csv" in modify(stages, "pl.csv", "x", "title")
    assert "    - pl2.csv:\n        template: simple\n        header: false\n" in modify(
        stages, "pl2.csv", template="simple", header=False
    )


def test_an_output_becomes_a_plot(stages: Project) -> None:
    written = modify(stages, "o1", y="5")
    assert "outs" not in written
    assert "    - o1:\n        y: '5'\n" in written


def test_what_is_not_there_is_told(stages: Project) -> None:
    with pytest.raises(InvalidInput, match=r"display properties \['y'\] not found in plot 'pl.csv'"):
        modify(stages, "pl.csv", "y")
    with pytest.raises(InvalidInput, match="'o1' is not a known plot"):
        modify(stages, "o1", "y")
    with pytest.raises(NotFound, match="Unable to find DVC file with output 'nope'"):
        modify(stages, "nope", x="a")
    with pytest.raises(NotFound, match="Template 'nope' not found"):
        modify(stages, "pl.csv", template="nope")
    with pytest.raises(InvalidInput, match=r"x\.txt\.dvc"):
        modify(stages, "x.txt", x="a")
    assert stages.read("dvc.yaml") == STAGES
