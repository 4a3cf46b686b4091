from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence

import pytest

from projects import Project
from repro_project import CHAIN, run, status
from treering.core.errors import Conflict, NotFound
from treering.pipelines.commit import commit_stages
from treering.pipelines.lockfile import read_lock
from treering.pipelines.stages import load_stages


@pytest.fixture
def chain(project: Project) -> Project:
    project.write("dvc.yaml", CHAIN)
    project.write("in", "1\n")
    run(project)
    return project


def commit(project: Project, names: Sequence[str], **options: object) -> list[str]:
    stages = load_stages(project.repo)
    return [path.name for path in commit_stages(stages, [stages[name] for name in names], **options)]  # type: ignore[arg-type]


def test_what_lies_there_is_taken_over_without_a_run(chain: Project) -> None:
    chain.write("in", "2\n")
    (chain.root / "a.txt").unlink()
    chain.write("a.txt", "made by hand\n")
    before = read_lock((chain.root / "dvc.lock").read_bytes(), "").stages
    assert commit(chain, ["a"], force=True) == ["dvc.lock"]
    after = read_lock((chain.root / "dvc.lock").read_bytes(), "").stages
    assert after["a"] != before["a"]
    assert (after["b"], after["c"]) == (before["b"], before["c"])
    assert set(status(chain)) == {"b"}
    # It is in the cache: a later run of the stage with the same input takes it from there.
    (chain.root / "a.txt").unlink()
    assert run(chain, "a").how == {"a": "cached"}
    assert chain.read("a.txt") == "made by hand\n"


def test_a_change_is_asked_about_or_forced(chain: Project) -> None:
    lock = chain.read("dvc.lock")
    chain.write("in", "2\n")
    with pytest.raises(Conflict, match=r"unable to commit changed stage: 'a'.*dependencies \['in'\]"):
        commit(chain, ["a"])
    asked: list[str] = []
    with pytest.raises(Conflict):
        commit(chain, ["a"], confirm=lambda question: bool(asked.append(question)))
    assert "Are you sure" in asked[0]
    assert chain.read("dvc.lock") == lock
    assert commit(chain, ["a"], confirm=lambda _question: True) == ["dvc.lock"]
    assert commit(chain, ["a", "b", "c"]) == []


def test_what_is_not_there_cannot_be_committed(chain: Project) -> None:
    (chain.root / "a.txt").unlink()
    with pytest.raises(NotFound, match=r"a\.txt"):
        commit(chain, ["a"], force=True)
    (chain.root / "in").unlink()
    with pytest.raises(NotFound):
        commit(chain, ["a"], force=True)


@pytest.mark.parametrize(("link", "links"), [(True, 2), (False, 1)])
def test_the_working_tree_is_left_as_it_is_where_that_is_wanted(project: Project, link: bool, links: int) -> None:
    project.write(".dvc/config", "[cache]\n    type = hardlink\n")
    project.write("dvc.yaml", CHAIN)
    project.write("in", "1\n")
    project.write("a.txt", "by hand\n")
    commit(project, ["a"], force=True, link=link)
    assert (project.root / "a.txt").stat().st_nlink == links


@pytest.mark.skipif(sys.platform == "win32", reason="a shell of POSIX")
def test_a_stage_that_runs_now_is_waited_for(project: Project) -> None:
    text = (
        "stages:\n  a:\n    cmd: touch begun; while ! test -e go; do sleep 0.05; done; echo made > o\n    outs: [o]\n"
    )
    project.write("dvc.yaml", text)
    program = (
        "import os\nfrom pathlib import Path\nfrom treering.pipelines.reproduce import reproduce\n"
        "from treering.versioning.repository import find_repository\n"
        "reproduce(find_repository(Path.cwd(), dict(os.environ)))\n"
    )
    stages = load_stages(project.repo)
    with subprocess.Popen([sys.executable, "-c", program], cwd=project.root, env=project.environ) as process:
        while not (project.root / "begun").exists():
            assert process.poll() is None
            time.sleep(0.02)
        releaser = subprocess.Popen(["sh", "-c", "sleep 0.5; touch go"], cwd=project.root)
        # What the other one locked is known, though these stages were read before.
        assert commit_stages(stages, [stages["a"]]) == ()
        assert process.wait(60) == releaser.wait(60) == 0
    assert project.read("o") == "made\n"
    assert status(project) == {}
