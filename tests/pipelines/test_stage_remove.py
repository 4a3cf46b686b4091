from __future__ import annotations

import os
from pathlib import Path

import pytest

from projects import Project
from repro_project import CHAIN, run
from treering.core.errors import InvalidInput, NotFound
from treering.pipelines.lockfile import read_lock
from treering.pipelines.stage_remove import named_stages, remove_stages
from treering.versioning.errors import OutOfBounds

GROUP = """\
vars:
- size: 3
stages:
  each:
    foreach: [a, b]
    do:
      cmd: echo ${item} > ${item}
      outs: ["${item}"]
  last:
    cmd: echo > last
    outs: [last]
"""


@pytest.fixture
def chain(project: Project) -> Project:
    project.write("dvc.yaml", f"# ours\n{CHAIN}plots: [x.csv]\n")
    project.write("in", "1\n")
    run(project)
    return project


def locked(project: Project) -> set[str]:
    return set(read_lock((project.root / "dvc.lock").read_bytes(), "").stages)


def test_a_stage_goes_from_its_files_and_its_output_is_the_users(chain: Project) -> None:
    report = remove_stages(chain.repo, ["b"], base=chain.root)
    assert [stage.address for stage in report.stages] == ["b"]
    assert {path.name for path in report.touched} == {"dvc.yaml", "dvc.lock", ".gitignore"}
    text = chain.read("dvc.yaml")
    assert text.startswith("# ours\nstages:\n  a:\n")
    assert "b:" not in text
    assert locked(chain) == {"a", "c"}
    assert chain.read(".gitignore") == "/a.txt\n/c.txt\n"
    # No link into the cache any more, which nobody may write to.
    assert (chain.root / "b.txt").stat().st_nlink == 1
    assert os.access(chain.root / "b.txt", os.W_OK)
    # What needed it goes on with the file as it is.
    assert run(chain).how == {"a": "unchanged", "c": "unchanged"}


def test_outputs_go_too_where_that_is_wanted(chain: Project) -> None:
    remove_stages(chain.repo, ["a", "dvc.yaml:c"], outs=True, base=chain.root)
    assert not (chain.root / "a.txt").exists()
    assert not (chain.root / "c.txt").exists()
    assert chain.read("b.txt") == "1\n"


def test_files_with_nothing_left_in_them_go(chain: Project) -> None:
    remove_stages(chain.repo, ["dvc.yaml"], base=chain.root)
    assert chain.read("dvc.yaml") == "# ours\nplots: [x.csv]\n"
    assert not (chain.root / "dvc.lock").exists()
    chain.write("dvc.yaml", CHAIN)
    report = remove_stages(chain.repo, ["a", "b", "c"], base=chain.root)
    assert not (chain.root / "dvc.yaml").exists()
    assert report.touched[0] == chain.root / "dvc.yaml"


def test_a_group_goes_whole_or_not_at_all(project: Project) -> None:
    project.write("dvc.yaml", GROUP)
    run(project)
    with pytest.raises(InvalidInput, match=r"'each@a'.*by hand"):
        remove_stages(project.repo, ["each@a"], base=project.root)
    remove_stages(project.repo, ["dvc.yaml"], base=project.root)
    assert project.read("dvc.yaml") == "vars:\n- size: 3\n"
    assert project.read("a") == "a\n"


def test_a_mistake_changes_nothing(chain: Project) -> None:
    before = chain.read("dvc.yaml"), chain.read("dvc.lock")
    with pytest.raises(NotFound, match="nothing"):
        remove_stages(chain.repo, ["a", "nothing"], base=chain.root)
    chain.write("dvc.yaml", before[0] + "")
    assert (chain.read("dvc.yaml"), chain.read("dvc.lock")) == before


def test_nothing_outside_of_the_repository_is_deleted(project: Project) -> None:
    outside = project.root.parent / "outside"
    outside.write_text("mine\n")
    project.write("dvc.yaml", "stages:\n  a:\n    cmd: 'true'\n    outs: [{../outside: {cache: false}}]\n")
    with pytest.raises(OutOfBounds):
        remove_stages(project.repo, ["a"], outs=True, base=project.root)
    assert outside.read_text() == "mine\n"
    assert "a:" in project.read("dvc.yaml")


def test_stages_are_told_from_paths(chain: Project) -> None:
    chain.write("sub/dvc.yaml", "stages:\n  a:\n    cmd: 'true'\n")
    targets = ["a", "in", "in.dvc", "sub/dvc.yaml", "sub/dvc.yaml:a", "a.txt", "nothing"]
    assert named_stages(chain.repo, targets, base=chain.root) == ["a", "sub/dvc.yaml", "sub/dvc.yaml:a"]
    assert named_stages(chain.repo, ["b"], base=Path(chain.root, "sub")) == []
