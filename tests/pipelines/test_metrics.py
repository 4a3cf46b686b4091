from __future__ import annotations

import pytest

from projects import Project
from treering.pipelines.metrics import metrics_diff, metrics_diff_text, metrics_show, metrics_text
from treering.pipelines.readings import errored
from treering.pipelines.reproduce import reproduce
from treering.pipelines.snapshots import Choice
from treering.versioning.errors import UnknownRevision

STAGES = """\
vars: [{folder: more}]
stages:
  train:
    cmd: cp src.json cached.json && mkdir -p folder/deep && cp src.json folder/deep/m.json && cp src.json plain.json
    deps: [src.json]
    metrics:
    - cached.json
    - folder
    - plain.json: {cache: false}
metrics: ["${folder}/top.yaml"]
"""
FIRST = {"acc": 0.123456789, "loss": {"train": 1, "list": [1]}, "s": "text", "b": True, "n": None}
SECOND = {"acc": 0.2, "loss": {"train": 1}, "s": "text"}
KEPT = {"acc": 0.123456789, "loss": {"train": 1}, "s": "text", "b": True}


@pytest.fixture
def metrics(project: Project) -> Project:
    """Two commits; the working tree is as the second."""
    project.write("dvc.yaml", STAGES)
    project.write("more/top.yaml", "top: 5\n")
    project.write("src.json", FIRST)
    reproduce(project.repo)
    project.commit(tag="v1")
    project.write("src.json", SECOND)
    reproduce(project.repo)
    project.commit("two")
    return project


FILES = ("cached.json", "folder/deep/m.json", "plain.json")


def test_the_working_tree_has_metrics_of_stages_and_those_that_stand_by_themselves(metrics: Project) -> None:
    assert metrics_show(metrics.repo) == {
        "": {"data": {**{file: {"data": SECOND} for file in FILES}, "more/top.yaml": {"data": {"top": 5}}}}
    }


def test_only_numbers_and_texts_are_metrics(metrics: Project) -> None:
    found = metrics_show(metrics.repo, ["plain.json"], Choice(("v1",)))
    assert found["v1"]["data"] == {"plain.json": {"data": KEPT}}


def test_revisions_are_read_from_git_and_the_cache(metrics: Project) -> None:
    for file in ("cached.json", "plain.json"):
        (metrics.root / file).unlink()
    found = metrics_show(metrics.repo, choice=Choice(tags=True))
    assert list(found) == ["workspace", "v1"]
    assert found["v1"]["data"]["cached.json"] == {"data": KEPT}
    assert found["v1"]["data"]["folder/deep/m.json"] == {"data": KEPT}
    # What the working tree has lost is known from the cache as well, if it is kept there.
    assert found["workspace"]["data"]["cached.json"] == {"data": SECOND}
    assert found["workspace"]["data"]["plain.json"] == {"data": SECOND}


def test_the_working_tree_is_not_shown_where_it_is_as_the_branch(metrics: Project) -> None:
    assert list(metrics_show(metrics.repo, choice=Choice(branches=True))) == ["main"]
    metrics.write("more/top.yaml", "top: 6\n")
    assert list(metrics_show(metrics.repo, choice=Choice(branches=True))) == ["workspace", "main"]


def test_a_commit_with_several_names_is_shown_once(metrics: Project) -> None:
    metrics.git("branch", "other")
    metrics.git("tag", "v2")
    found = metrics_show(metrics.repo, choice=Choice(branches=True, tags=True))
    assert list(found) == ["workspace", "main,other,v2", "v1"]
    commits = metrics_show(metrics.repo, choice=Choice(commits=True))
    assert list(commits)[1:] == metrics.git("rev-list", "HEAD").split()


def test_names_of_experiments_are_revisions(metrics: Project) -> None:
    commit = metrics.git("rev-parse", "HEAD")
    metrics.git("update-ref", f"refs/exps/{commit[:2]}/{commit[2:]}/calm-cove", "v1")
    assert (
        metrics_show(metrics.repo, ["plain.json"], Choice(("calm-cove",)))["calm-cove"]["data"]["plain.json"]["data"]
        == KEPT
    )
    with pytest.raises(UnknownRevision, match="unknown Git revision 'nope'"):
        metrics_show(metrics.repo, choice=Choice(("nope",)))


def test_paths_are_relative_to_where_the_user_stands(metrics: Project) -> None:
    found = metrics_show(metrics.repo, ["top.yaml", "../plain.json"], base=metrics.root / "more")
    assert list(found[""]["data"]) == ["top.yaml", "../plain.json"]


def test_what_cannot_be_read_is_told_beside_the_rest(metrics: Project) -> None:
    metrics.write("more/top.yaml", "top: [\n")
    metrics.write("plain.json", "{")
    metrics.write("more/bytes.json", b"\xff\xfe")
    found = metrics_show(metrics.repo)[""]["data"]
    assert {file: one["error"]["type"] for file, one in found.items() if "error" in one} == {
        "plain.json": "JSONFileCorruptedError", "more/top.yaml": "YAMLFileCorruptedError",
    }  # fmt: skip
    assert "more/top.yaml" in found["more/top.yaml"]["error"]["msg"]
    missing = metrics_show(metrics.repo, ["nothere.json", "more/bytes.json"])[""]["data"]
    assert missing["nothere.json"]["error"] == {
        "type": "FileNotFoundError", "msg": "[Errno 2] No such file or directory: 'nothere.json'",
    }  # fmt: skip
    assert missing["more/bytes.json"]["error"]["type"] == "EncodingError"


def test_what_the_cache_has_lost_is_told(metrics: Project) -> None:
    for file in (metrics.root / ".dvc" / "cache" / "files").rglob("*"):
        if file.is_file():
            file.unlink()
    found = metrics_show(metrics.repo, choice=Choice(("v1",)))
    assert found["v1"]["data"]["cached.json"]["error"] == {
        "type": "FileNotFoundError", "msg": "[Errno 2] No storage files available: 'cached.json'",
    }  # fmt: skip
    # Which files are in it is not known, but that it is a folder which should be there.
    assert found["v1"]["data"]["folder"]["error"]["type"] == "FileNotFoundError"
    assert errored(found) == ["v1"]


def test_a_damaged_object_is_no_metric(metrics: Project) -> None:
    cached = next(
        file
        for file in (metrics.root / ".dvc" / "cache" / "files").rglob("*")
        if file.is_file() and b"0.1234" in file.read_bytes()
    )
    cached.chmod(0o644)
    cached.write_text('{"acc": 1}')
    found = metrics_show(metrics.repo, ["cached.json"], Choice(("v1",)))["v1"]["data"]["cached.json"]
    assert found["error"]["type"] == "DamagedData"


def test_a_definition_that_cannot_be_used_is_an_error_of_its_revision(metrics: Project) -> None:
    metrics.write("dvc.yaml", "stages: {a: {x: 1}}\n")
    found = metrics_show(metrics.repo, choice=Choice(("v1",)))
    assert found["workspace"]["error"]["type"] == "YAMLValidationError"
    assert found["v1"]["data"]["plain.json"] == {"data": KEPT}


def test_two_revisions_are_compared(metrics: Project) -> None:
    change = {"acc": {"old": 0.123456789, "new": 0.2, "diff": 0.2 - 0.123456789}, "b": {"old": True, "new": None}}
    changes, wrong = metrics_diff(metrics.repo, ("v1", "HEAD"))
    assert (changes, wrong) == (dict.fromkeys(FILES, change), [])
    assert metrics_diff(metrics.repo) == ({}, [])
    everything, _ = metrics_diff(metrics.repo, unchanged=True)
    assert everything["more/top.yaml"] == {"top": {"old": 5, "new": 5, "diff": 0}}
    assert metrics_diff_text({"m": changes["plain.json"]}, ("v1", "HEAD"), precision=3) == (
        "Path    Metric    v1     HEAD    Change\nm       acc       0.123  0.2     0.077\nm       b         True   -       -"
    )


def test_a_side_that_cannot_be_read_counts_as_empty_and_is_named(metrics: Project) -> None:
    metrics.write("more/top.yaml", "top: [\n")
    changes, wrong = metrics_diff(metrics.repo)
    assert changes == {"more/top.yaml": {"top": {"old": 5, "new": None}}}
    assert wrong == ["workspace"]


def test_before_the_first_commit_and_without_git_there_is_nothing_to_compare(project: Project) -> None:
    assert metrics_diff(project.repo) == ({}, [])
    assert metrics_show(project.repo) == {"": {"data": {}}}


def test_a_repository_below_the_root_of_git_is_compared_by_its_own_paths(project: Project) -> None:
    inner = project.root / "inner"
    inner.mkdir()
    (project.root / ".dvc").rename(inner / ".dvc")
    project.write("before.txt", "no repository yet")
    project.git("add", "before.txt")
    project.git("commit", "--quiet", "--message", "before")
    below = Project(inner, project.environ)
    below.write("dvc.yaml", "metrics: [m.json]\n")
    below.write("m.json", {"a": 1})
    below.commit()
    below.write("m.json", {"a": 2})
    assert metrics_diff(below.repo)[0] == {"m.json": {"a": {"old": 1, "new": 2, "diff": 1}}}
    # Commits from before there was a repository are no errors.
    assert len(metrics_show(below.repo, choice=Choice(commits=True))) == 2


def test_the_table_of_revisions_has_a_column_for_each_metric(metrics: Project) -> None:
    shown = metrics_show(metrics.repo, ["plain.json"], Choice(tags=True))
    assert metrics_text(shown, revision=True) == (
        "Revision    Path        acc      b     loss.train    s\n"
        "workspace   plain.json  0.2      -     1             text\n"
        "v1          plain.json  0.12346  True  1             text"
    )
