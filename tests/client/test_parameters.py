from __future__ import annotations

from pathlib import Path

import pytest

from projects import Project, make_project
from treering.client import datasets as data
from treering.core.errors import InvalidInput, NotFound
from treering.pipelines.reproduce import reproduce

STAGES = """\
stages:
  train:
    cmd: cp src.json metrics.json
    deps: [src.json]
    params: [lr, other.toml: [deep.k]]
    metrics: [metrics.json]
  more:
    cmd: "true"
    params: [epochs]
metrics: [extra.yaml]
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    made = make_project(tmp_path)
    made.write("dvc.yaml", STAGES)
    made.write("params.yaml", "lr: 0.1\nepochs: 3\nunused: x\n")
    made.write("other.toml", "[deep]\nk = 5\n")
    made.write("extra.yaml", "acc: 1\n")
    made.write("src.json", {"acc": 0.5, "loss": {"train": 2}})
    reproduce(made.repo)
    made.commit(tag="v1")
    made.write("params.yaml", "lr: 0.2\nepochs: 3\nunused: x\n")
    made.write("src.json", {"acc": 0.75})
    reproduce(made.repo)
    for name, value in made.environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(made.root)
    return made


@pytest.mark.usefixtures("project")
def test_parameters_of_all_files_come_in_one_mapping() -> None:
    assert data.params_show() == {"lr": 0.2, "epochs": 3, "unused": "x", "deep": {"k": 5}}
    assert data.params_show(deps=True) == {"lr": 0.2, "epochs": 3, "deep": {"k": 5}}
    assert data.params_show(stages="more") == {"epochs": 3}
    assert data.params_show("other.toml") == {"deep": {"k": 5}}


@pytest.mark.usefixtures("project")
def test_a_key_of_two_files_stands_behind_the_name_of_its_file() -> None:
    assert data.metrics_show() == {"metrics.json:acc": 0.75, "extra.yaml:acc": 1}
    assert data.metrics_show("metrics.json") == {"acc": 0.75}


def test_a_revision_is_read_without_a_checkout(project: Project) -> None:
    assert data.params_show(rev="v1")["lr"] == 0.1
    (project.root / "metrics.json").unlink()
    assert data.metrics_show(rev="v1") == {"metrics.json:acc": 0.5, "loss": {"train": 2}, "extra.yaml:acc": 1}
    with pytest.raises(NotFound, match="nope"):
        data.params_show(rev="nope")


def test_another_repository_is_read_by_its_path(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert data.params_show(repo=project.root)["lr"] == 0.2
    assert data.params_show(repo=project.root, rev="v1")["lr"] == 0.1
    assert data.metrics_show(repo="project", rev="v1")["metrics.json:acc"] == 0.5
    with pytest.raises(NotFound):
        data.params_show()


def test_what_cannot_be_read_is_told(project: Project) -> None:
    with pytest.raises(NotFound, match=r"nothere\.json"):
        data.metrics_show("nothere.json")
    project.write("bad.json", "{")
    with pytest.raises(InvalidInput, match=r"bad\.json"):
        data.metrics_show("bad.json")


def test_what_the_cache_has_lost_comes_from_the_remote(project: Project, tmp_path: Path) -> None:
    (project.root / "metrics.json").unlink()
    cache = project.root / ".dvc" / "cache"
    (tmp_path / "remote").mkdir()
    (cache / "files").rename(tmp_path / "remote" / "files")
    project.write(".dvc/config", f"[core]\n    remote = store\n['remote \"store\"']\n    url = {tmp_path / 'remote'}\n")
    assert data.metrics_show("metrics.json", rev="v1") == {"acc": 0.5, "loss": {"train": 2}}
    assert not (cache / "files").exists()
