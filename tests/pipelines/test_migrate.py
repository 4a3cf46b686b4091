"""Lock files follow when objects of DVC 2 get the names of DVC 3."""

from __future__ import annotations

import pytest

from projects import Project
from repro_project import CHAIN, run, status
from treering.pipelines.lockfile import read_lock, write_entry
from treering.pipelines.migrate import lock_files_to_migrate, migrate_lock_files
from treering.pipelines.stages import load_stages
from treering.storage.content.oid import Oid

OLD, NEW, OTHER = "a" * 32, "b" * 32, "c" * 32
LOCK = f"""\
schema: '2.0'
stages:
  a:
    cmd: cp in a.txt
    deps:
    - path: in
      md5: {OTHER}
      size: 2
    outs:
    - path: a.txt
      md5: {OLD}
      size: 2
  b:
    cmd: cp a.txt b.txt
    deps:
    - path: a.txt
      hash: md5
      md5: {OLD}
      size: 2
"""


@pytest.fixture
def old(project: Project) -> Project:
    project.write("dvc.yaml", CHAIN)
    project.write("dvc.lock", LOCK)
    return project


def test_what_has_a_new_name_gets_it_in_its_place(old: Project) -> None:
    stages = load_stages(old.repo)
    assert [path.name for path in lock_files_to_migrate(stages)] == ["dvc.lock"]
    assert [path.name for path in migrate_lock_files(stages, {Oid(OLD, legacy=True): Oid(NEW)})] == ["dvc.lock"]
    # A file of Git has no object, and what is named as DVC 3 does is no object of DVC 2.
    assert old.read("dvc.lock") == LOCK.replace(
        f"path: a.txt\n      md5: {OLD}", f"path: a.txt\n      hash: md5\n      md5: {NEW}"
    )
    assert migrate_lock_files(load_stages(old.repo), {Oid(OLD, legacy=True): Oid(NEW)}) == []


def test_what_was_locked_meanwhile_stays(old: Project) -> None:
    stages = load_stages(old.repo)
    assert len([*stages]) == 3
    entry = {"cmd": "cp in a.txt", "outs": [{"path": "a.txt", "hash": "md5", "md5": "d" * 32, "size": 9}]}
    write_entry(str(old.root / "dvc.lock"), "a", entry)
    assert migrate_lock_files(stages, {Oid(OLD, legacy=True): Oid(NEW)}) == []
    assert read_lock((old.root / "dvc.lock").read_bytes(), "").stages["a"] == entry


def test_a_new_lock_file_has_nothing_to_migrate(project: Project) -> None:
    project.write("dvc.yaml", CHAIN)
    project.write("in", "1\n")
    run(project)
    assert lock_files_to_migrate(load_stages(project.repo)) == []
    assert status(project) == {}
