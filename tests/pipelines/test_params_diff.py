from __future__ import annotations

import pytest

from projects import Project
from treering.pipelines.params_diff import params_diff, params_diff_text
from treering.pipelines.params_show import params_show
from treering.pipelines.snapshots import Choice

STAGES = """\
vars: [vars/v.yaml]
stages:
  one:
    cmd: run ${opt.lr}
    params: [train.epochs, conf.py: [LR], conf.toml: [model]]
    outs: [o]
  two:
    wdir: sub
    cmd: run
    params: [../params.yaml: [seed], p.json: ]
params: [more]
"""


@pytest.fixture
def project(project: Project) -> Project:
    project.write("dvc.yaml", STAGES.replace("p.json: ]", "{p.json: null}]"))
    project.write("vars/v.yaml", "opt: {lr: 0.5}\nunused: 1\n")
    project.write("params.yaml", "seed: 1\ntrain: {epochs: 3}\nlist: [1, 2]\nwhen: 2024-01-01\n")
    project.write("conf.py", "LR = 0.1\nOTHER = 2\n")
    project.write("conf.toml", "[model]\ndepth = 3\n")
    project.write("sub/p.json", {"k": {"v": 1}})
    project.write("more/x.yaml", "x: 1\n")
    project.commit(tag="v1")
    return project


def test_all_files_of_parameters_are_shown_and_what_templates_named(project: Project) -> None:
    found = params_show(project.repo)[""]["data"]
    values = {file: one["data"] for file, one in found.items()}
    assert values.pop("params.yaml")["list"] == [1, 2]
    assert values == {
        "conf.py": {"LR": 0.1},
        "conf.toml": {"model": {"depth": 3}},
        "sub/p.json": {"k": {"v": 1}},
        "more/x.yaml": {"x": 1},
        "vars/v.yaml": {"opt.lr": 0.5},
    }


def test_only_what_stages_depend_on(project: Project) -> None:
    values = params_show(project.repo, deps=True)[""]["data"]
    assert values["params.yaml"] == {"data": {"train": {"epochs": 3}, "seed": 1}}
    assert "more/x.yaml" not in values
    of_two = params_show(project.repo, stages=["two"])[""]["data"]
    assert of_two == {"params.yaml": {"data": {"seed": 1}}, "sub/p.json": {"data": {"k": {"v": 1}}}}


def test_changes_are_told_by_file_and_key(project: Project) -> None:
    project.write("params.yaml", "seed: 2\ntrain: {epochs: 3}\nlist: [1, 3]\nnew: a\n")
    project.write("vars/v.yaml", "opt: {lr: 0.75}\nunused: 2\n")
    project.write("conf.py", "LR = 0.1\nOTHER = 3\n")
    changes, wrong = params_diff(project.repo)
    assert wrong == []
    assert changes == {
        "params.yaml": {
            "seed": {"old": 1, "new": 2, "diff": 1},
            "list": {"old": "[1, 2]", "new": "[1, 3]"},
            "new": {"old": None, "new": "a"},
            "when": {"old": "2024-01-01", "new": None},
        },
        "vars/v.yaml": {"opt.lr": {"old": 0.5, "new": 0.75, "diff": 0.25}},
    }
    assert list(params_diff(project.repo, deps=True)[0]) == ["params.yaml", "vars/v.yaml"]
    assert params_diff_text(changes) == (
        "Path         Param    HEAD        workspace\n"
        "params.yaml  list     [1, 2]      [1, 3]\n"
        "params.yaml  new      -           a\n"
        "params.yaml  seed     1           2\n"
        "params.yaml  when     2024-01-01  -\n"
        "vars/v.yaml  opt.lr   0.5         0.75"
    )


def test_targets_are_files_with_or_without_a_word_in_dvc_yaml(project: Project) -> None:
    project.write("conf.py", "LR = 0.2\nOTHER = 3\n")
    changes, _ = params_diff(project.repo, ("v1", "workspace"), targets=["conf.py"])
    assert set(changes["conf.py"]) == {"LR", "OTHER"}
    below, _ = params_diff(project.repo, targets=["../conf.py"], base=project.root / "sub")
    assert list(below) == ["../conf.py"]
    assert params_diff(project.repo, targets=["nope.yaml"]) == ({}, ["HEAD", "workspace"])


def test_a_file_that_cannot_be_understood_is_an_error_of_its_side(project: Project) -> None:
    project.write("conf.toml", "[")
    changes, wrong = params_diff(project.repo)
    assert wrong == ["workspace"]
    assert changes == {"conf.toml": {"model.depth": {"old": 3, "new": None}}}
    found = params_show(project.repo, choice=Choice(("v1",)))
    assert found["workspace"]["data"]["conf.toml"]["error"]["type"] == "TOMLFileCorruptedError"
