from __future__ import annotations

from typing import Any

import pytest

from projects import Project
from treering.core.errors import AlreadyExists, InvalidInput
from treering.pipelines.stage_add import StageAdd, add_stage
from treering.versioning.errors import OutputClash


def add(project: Project, name: str = "one", *cmd: str, **options: Any) -> None:
    add_stage(project.repo, StageAdd(name, cmd or ("x",), **options))


def test_a_new_file_has_the_keys_in_the_order_that_dvc_writes(project: Project) -> None:
    add(
        project,
        "one",
        "echo hi > o1",
        deps=("d2", "d1"),
        params=("zz,aa", "b.yaml:z,y", "p3.yaml:", "lr"),
        outs=("o1",),
        outs_no_cache=("o2",),
        outs_persist=("o3",),
        outs_persist_no_cache=("o4",),
        metrics=("m1.json",),
        metrics_no_cache=("m2.json",),
        plots=("p1.csv",),
        plots_no_cache=("p4.csv",),
        always_changed=True,
        desc="hello world",
    )
    assert (
        project.read("dvc.yaml")
        == """\
stages:
  one:
    desc: hello world
    cmd: echo hi > o1
    deps:
    - d1
    - d2
    params:
    - aa
    - lr
    - zz
    - b.yaml:
      - y
      - z
    - p3.yaml:
    outs:
    - o1
    - o2:
        cache: false
    - o3:
        persist: true
    - o4:
        cache: false
        persist: true
    metrics:
    - m1.json
    - m2.json:
        cache: false
    plots:
    - p1.csv
    - p4.csv:
        cache: false
    always_changed: true
"""
    )


def test_git_ignores_what_is_cached_and_only_that(project: Project) -> None:
    added = add_stage(
        project.repo, StageAdd("one", ("x",), outs=("o1", "new/o2"), outs_no_cache=("o3",), metrics=("m.json",))
    )
    assert project.read(".gitignore") == "/o1\n/m.json\n"
    assert added.ignores == (project.root / ".gitignore",)
    assert added.not_ignored == (project.root / "new" / ".gitignore",)


def test_comments_and_order_of_what_is_there_stay(project: Project) -> None:
    project.write("dvc.yaml", "# top\nstages:\n  zero:   # first\n    cmd: a   # b\n    outs: [q]\nmetrics: [m.json]\n")
    add(project, "one", "echo", "a b", "c", wdir=".")
    assert project.read("dvc.yaml") == (
        "# top\nstages:\n  zero:   # first\n    cmd: a   # b\n    outs: [q]\n"
        '  one:\n    cmd: echo "a b" c\nmetrics: [m.json]\n'
    )


def test_force_takes_the_place_and_keeps_description_and_notes(project: Project) -> None:
    add(project, outs=("old",), desc="kept")
    with pytest.raises(AlreadyExists, match="Stage 'one' already exists"):
        add(project)
    add(project, "one", "new", force=True)
    assert project.read("dvc.yaml") == "stages:\n  one:\n    desc: kept\n    cmd: new\n"


def test_paths_are_relative_to_the_working_directory_of_the_stage(project: Project) -> None:
    (project.root / "sub").mkdir()
    add_stage(project.repo, StageAdd("in", ("x",), outs=("o",), wdir="sub"))
    assert "wdir: sub" in project.read("dvc.yaml")
    assert project.read("sub/.gitignore") == "/o\n"
    added = add_stage(project.repo, StageAdd("here", ("x",), deps=("o",), outs=("../up",)), base=project.root / "sub")
    assert (added.address, added.file) == ("here", project.root / "sub" / "dvc.yaml")
    assert project.read(".gitignore") == "/up\n"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": "a@b"}, "punctuation"),
        ({"name": ""}, "has no name"),
        ({"cmd": ()}, "command is not specified"),
        ({"wdir": "nowhere"}, "does not exist"),
        ({"outs": ("o", "./o")}, "more than once"),
        ({"outs": ("o",), "deps": ("./o",)}, "as an output and as a dependency"),
        ({"outs": ("../o",)}, "outside of DVC project"),
    ],
)
def test_what_does_not_go_together_is_refused_and_nothing_is_written(
    project: Project, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidInput, match=message):
        add_stage(project.repo, StageAdd(**{"name": "one", "cmd": ("x",)} | options))
    assert not (project.root / "dvc.yaml").exists()


def test_a_stage_that_does_not_fit_into_the_graph_is_refused(project: Project) -> None:
    add(project, "one", outs=("a",), deps=("c",))
    before = project.read("dvc.yaml")
    with pytest.raises(OutputClash, match="one"):
        add(project, "two", outs=("a",))
    with pytest.raises(InvalidInput, match="cycle"):
        add(project, "two", outs=("c",), deps=("a",))
    assert project.read("dvc.yaml") == before
