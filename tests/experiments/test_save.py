from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from projects import Project
from treering.core.errors import AlreadyExists, InvalidInput, NotFound
from treering.experiments.save import SaveOptions, exp_save
from treering.pipelines.reproduce import ReproOptions, reproduce
from treering.versioning.documents import read_yaml


def save(project: Project, **options: Any) -> str:
    return exp_save(project.repo, SaveOptions(**options)).rev


def listed(project: Project, rev: str) -> list[str]:
    return project.git("ls-tree", "-r", "--name-only", rev).splitlines()


@pytest.fixture
def done(pipeline: Project) -> Project:
    """The pipeline, run and committed."""
    reproduce(pipeline.repo, options=ReproOptions(captured=True))
    pipeline.commit("run")
    return pipeline


def test_the_working_tree_becomes_an_experiment_with_its_data(done: Project) -> None:
    head = done.git("rev-parse", "HEAD")
    done.write("params.yaml", done.read("params.yaml").replace("lr: 1", "lr: 8"))
    done.write("model.txt", "by hand")
    done.write("data.txt", "other data")
    done.write("stray.txt", "stray")
    saved = exp_save(done.repo, SaveOptions(name="mine"))
    assert saved.name == "mine"
    assert done.git("rev-parse", "HEAD") == head == done.git("rev-parse", f"{saved.rev}^")
    assert done.git("show", f"{saved.rev}:params.yaml").startswith("lr: 8")
    lock = read_yaml(done.root / "dvc.lock")["stages"]
    assert lock["train"]["params"]["params.yaml"]["lr"] == 8
    assert {out["path"]: out["md5"] for out in lock["train"]["outs"]}["model.txt"] == hashlib.md5(
        b"by hand"
    ).hexdigest()
    assert hashlib.md5(b"other data").hexdigest() in done.git("show", f"{saved.rev}:data.txt.dvc")
    for content in (b"by hand", b"other data"):
        oid = hashlib.md5(content).hexdigest()
        assert (done.repo.cache_dir / "files" / "md5" / oid[:2] / oid[2:]).read_bytes() == content
    assert "stray.txt" not in listed(done, saved.rev)
    assert saved.untracked == ("stray.txt",)
    expected = hashlib.sha256(json.dumps({"train": lock["train"]}, sort_keys=True).encode()).hexdigest()
    assert done.git("log", "-1", "--format=%s", saved.rev) == f"dvc: commit experiment {expected}"


def test_a_repository_without_stages_can_be_saved(project: Project) -> None:
    project.write(
        "dvc.yaml", "metrics:\n- live/metrics.json\nparams:\n- live/params.yaml\nplots:\n- live/plots:\n    x: step\n"
    )
    project.write("live/metrics.json", {"acc": 1})
    project.write("live/params.yaml", "lr: 1\n")
    project.write("live/plots/acc.tsv", "step\tacc\n0\t1\n")
    project.write(".gitignore", "/live\n")
    rev = save(project, message="from a notebook")
    assert {"live/metrics.json", "live/params.yaml", "live/plots/acc.tsv", "dvc.yaml"} <= set(listed(project, rev))
    assert project.git("log", "-1", "--format=%s", rev) == "from a notebook"
    assert project.git("status", "--porcelain").splitlines() == ["?? .gitignore", "?? dvc.yaml"]


def test_untracked_and_ignored_files_come_along_if_asked(done: Project) -> None:
    done.write("out/a.txt", "1")
    done.write("out/b.log", "2")
    done.write(".gitignore", done.read(".gitignore") + "*.log\n")
    assert [path for path in listed(done, save(done, include_untracked=["out"])) if path.startswith("out")] == [
        *("out/a.txt", "out/b.log"),
    ]
    inside = exp_save(done.repo, SaveOptions(include_untracked=["a.txt"], folder=done.root / "out"))
    assert "out/a.txt" in listed(done, inside.rev)
    with pytest.raises(NotFound, match="no 'nothing'"):
        save(done, include_untracked=["nothing"])


def test_only_the_stages_that_are_named_are_taken_over(done: Project) -> None:
    done.write("model.txt", "by hand")
    before = done.read("dvc.lock")
    save(done, targets=["data.txt.dvc"])
    assert done.read("dvc.lock") == before
    save(done, targets=["train"])
    assert done.read("dvc.lock") != before


def test_a_name_is_taken_once(done: Project) -> None:
    first = save(done, name="mine")
    with pytest.raises(AlreadyExists):
        save(done, name="mine")
    done.write("params.yaml", "lr: 3\nfail: no\n")
    assert save(done, name="mine", force=True) != first
    with pytest.raises(InvalidInput):
        save(done, name="a/b")


def test_an_output_that_is_missing_is_told(done: Project) -> None:
    (done.root / "model.txt").unlink()
    with pytest.raises(NotFound, match=r"model\.txt"):
        save(done)
