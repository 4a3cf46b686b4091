from __future__ import annotations

import pytest

from pipelines.test_dag import POINTER
from projects import Project
from treering.core.errors import InvalidInput, NotFound
from treering.pipelines.freeze import freeze, unfreeze
from treering.pipelines.stages import load_stages

STAGES = """\
stages:
  one:   # a comment
    cmd: echo ${lr}   # another
    outs: [o]
  gen:
    foreach: [1, 2]
    do:
      cmd: echo ${item}
"""


@pytest.fixture
def stages(project: Project) -> Project:
    project.write("params.yaml", "lr: 1\n")
    project.write("dvc.yaml", STAGES)
    return project


def test_a_stage_is_frozen_and_unfrozen_in_place(stages: Project) -> None:
    freeze(stages.repo, "one")
    assert stages.read("dvc.yaml") == STAGES.replace("outs: [o]\n", "outs: [o]\n    frozen: true\n")
    assert load_stages(stages.repo)["one"].frozen
    freeze(stages.repo, "one")
    unfreeze(stages.repo, "one")
    assert stages.read("dvc.yaml") == STAGES


def test_a_pointer_is_frozen_too(project: Project) -> None:
    project.write("x.txt.dvc", POINTER)
    freeze(project.repo, "x.txt.dvc")
    assert project.read("x.txt.dvc") == POINTER + "frozen: true\n"
    unfreeze(project.repo, "x.txt.dvc")
    assert project.read("x.txt.dvc") == POINTER


def test_several_none_or_made_stages_are_refused(stages: Project) -> None:
    with pytest.raises(InvalidInput, match=r"gen@1, gen@2"):
        freeze(stages.repo, "gen")
    with pytest.raises(InvalidInput, match="cannot dump a parametrized stage: 'gen@1'"):
        freeze(stages.repo, "gen@1")
    with pytest.raises(NotFound, match="nope"):
        freeze(stages.repo, "nope")
    assert stages.read("dvc.yaml") == STAGES
