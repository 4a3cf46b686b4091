from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from projects import Project, make_project
from treering import data
from treering.core.errors import AlreadyExists, NotFound
from treering.pipelines.reproduce import reproduce

STAGES = """\
stages:
  train:
    cmd: cp params.yaml metrics.yaml
    params: [lr, name]
    metrics: [metrics.yaml: {cache: false}]
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    made = make_project(tmp_path)
    made.write("dvc.yaml", STAGES)
    made.write("params.yaml", "lr: 1\nname: first\n")
    reproduce(made.repo)
    made.commit(tag="v1")
    for name, value in made.environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(made.root)
    return made


def test_the_working_tree_becomes_an_experiment_and_is_shown(project: Project) -> None:
    project.write("params.yaml", "lr: 0.5\nname: second\n")
    project.write("metrics.yaml", "lr: 0.5\nname: second\n")
    project.write("loose.txt", "not tracked\n")
    rev = data.exp_save("mine", include_untracked=["loose.txt"])
    assert project.git("show", f"{rev}:loose.txt") == "not tracked"
    working, baseline, saved = data.exp_show()
    assert (working["rev"], working["typ"], working["Created"]) == ("workspace", "baseline", None)
    assert (baseline["rev"], baseline["params.yaml:lr"], baseline["metrics.yaml:name"]) == ("main", 1.0, "first")
    assert (saved["Experiment"], saved["rev"], saved["typ"]) == ("mine", rev[:7], "branch_base")
    assert (saved["params.yaml:lr"], saved["metrics.yaml:lr"]) == (0.5, 0.5)
    assert saved["State"] is None
    with pytest.raises(AlreadyExists):
        data.exp_save("mine")
    assert data.exp_save("mine", force=True)


def test_other_commits_and_repositories_are_asked_for(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.write("params.yaml", "lr: 2\nname: third\n")
    project.commit()
    monkeypatch.chdir(project.root.parent)
    rows = data.exp_show(project.root, revs="v1")
    assert [row["rev"] for row in rows] == ["workspace", "v1"]
    assert rows[1]["params.yaml:lr"] == 1.0
    assert len(data.exp_show(project.root, num=2)) == 3
    with pytest.raises(NotFound):
        data.exp_show()


def test_experiments_are_not_loaded_until_they_are_asked_for() -> None:
    check = "import sys, treering.data; assert not [m for m in sys.modules if m.startswith('treering.experiments')]"
    subprocess.run([sys.executable, "-c", check], check=True)
