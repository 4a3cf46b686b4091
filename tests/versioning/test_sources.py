from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from treering.core.errors import InvalidInput
from treering.storage.content.oid import Oid
from treering.versioning.errors import UnknownRevision
from treering.versioning.pointers import Output, Pointer, write_pointer
from treering.versioning.repository import Repository
from treering.versioning.sources import PointerSource, Revisions, WorkingTree


def git(root: Path, *words: str) -> str:
    settings = ["-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "init.defaultBranch=main"]
    return subprocess.run(
        ["git", *settings, *words], cwd=root, check=True, capture_output=True, text=True
    ).stdout.strip()


def point(root: Path, path: str, number: int = 1) -> None:
    file = root / f"{path}.dvc"
    file.parent.mkdir(parents=True, exist_ok=True)
    write_pointer(Pointer(file, (Output(file.stem, Oid(f"f{number:031d}"), size=1),)))


@pytest.fixture
def opened() -> Iterator[Callable[[Path], Repository]]:
    repos: list[Repository] = []

    def open_at(root: Path) -> Repository:
        (root / ".dvc").mkdir(parents=True)
        (root / ".dvc" / "config").touch()
        repos.append(Repository(root, dict(os.environ)))
        return repos[-1]

    yield open_at
    for repo in repos:
        if repo.git is not None:
            repo.git.close()


@pytest.fixture
def repo(tmp_path: Path, opened: Callable[[Path], Repository]) -> Repository:
    git(tmp_path, "init", "-q")
    return opened(tmp_path)


def names(repo: Repository, rev: str = "") -> list[str]:
    tree = Revisions(repo).tree(rev)
    listed = tree.documents().files()
    assert [one.address for one in PointerSource().outputs(tree)] == [n for n in listed if n.endswith(".dvc")]
    return listed


def test_documents_of_the_working_tree_are_found_where_they_count(repo: Repository):
    root = repo.root
    for path in ("a", "sub/b", "ignored/c", "gitignored/d", "inner/e", "sub/x"):
        point(root, path)
    (root / "inner" / ".dvc").mkdir()
    (root / ".dvcignore").write_text("/ignored\n")
    (root / ".gitignore").write_text("/gitignored\n/data\n")
    (root / "sub" / ".gitignore").write_text("/x.dvc\n")
    (root / "sub" / "dvc.yaml").touch()
    (root / "data").mkdir()
    point(root, "data/f")
    write_pointer(Pointer(root / "out.dvc", (Output("out", Oid("0" * 32 + ".dir")),)))
    point(root, "out/g")
    assert names(repo) == ["a.dvc", "out.dvc", "sub/b.dvc", "sub/dvc.yaml"]
    found = {one.address: one for one in PointerSource().outputs(WorkingTree(repo))}
    assert found["sub/b.dvc"].path == root / "sub" / "b"
    assert found["sub/b.dvc"].output.size == 1


def test_a_pointer_that_changes_is_read_again(repo: Repository):
    point(repo.root, "a", 1)
    os.utime(repo.root / "a.dvc", ns=(0, 0))
    for number in (1, 2, 1, 3):
        point(repo.root, "a", number)
        (tracked,) = PointerSource().outputs(WorkingTree(repo))
        assert tracked.output.oid == Oid(f"f{number:031d}")
    (repo.root / "a.dvc").unlink()
    assert list(PointerSource().outputs(WorkingTree(repo))) == []


def test_what_is_remembered_of_pointers_may_be_broken(repo: Repository):
    point(repo.root, "a")
    memory = repo.our_tmp / "pointers.json"
    memory.parent.mkdir(parents=True)
    for text in (b"", b"{", b"[]", b'{"format": 1}', b'{"format": 1, "documents": {"a.dvc": 3}}', b"\xff"):
        memory.write_bytes(text)
        assert names(repo) == ["a.dvc"]


def test_a_revision_tells_what_it_had(repo: Repository):
    root = repo.root
    for path in ("a", "sub/b", "ignored/c", "inner/e"):
        point(root, path)
    (root / "inner" / ".dvc").mkdir()
    (root / "inner" / ".dvc" / "config").touch()
    (root / ".dvcignore").write_text("/ignored\n")
    (root / "tool.sh").write_text("x")
    (root / "tool.sh").chmod(0o755)
    git(root, "add", "-A")
    git(root, "commit", "-qm", "one")
    point(root, "a", 2)
    point(root, "new")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "two")
    (root / "a.dvc").unlink()
    revisions = Revisions(repo)
    first, second = revisions.tree("HEAD~1"), revisions.tree("main")
    assert first.documents().files() == ["a.dvc", "sub/b.dvc"]
    assert second.documents().files() == ["a.dvc", "new.dvc", "sub/b.dvc"]
    assert first.documents().pointers["a.dvc"].outs[0].oid == Oid(f"f{1:031d}")
    assert second.documents().pointers["a.dvc"].outs[0].oid == Oid(f"f{2:031d}")
    assert first.documents().pointers["sub/b.dvc"] is second.documents().pointers["sub/b.dvc"], "one blob, parsed once"
    assert first.rev == git(root, "rev-parse", "HEAD~1")
    assert first.is_dir("sub")
    assert not first.is_dir("a.dvc")
    assert first.exists("a.dvc")
    assert not first.exists("new.dvc")
    assert [entry.name for entry in first.list("sub")] == ["b.dvc"]
    assert [entry.name for entry in first.list() if entry.is_exec] == ["tool.sh"]
    assert first.read_bytes("tool.sh") == b"x"
    with pytest.raises(FileNotFoundError):
        first.read_bytes("none/none")
    with pytest.raises(IsADirectoryError):
        first.read_bytes("sub")
    with pytest.raises(UnknownRevision, match="nothing"):
        revisions.tree("nothing")


def test_a_repository_below_the_root_of_git_has_its_own_revisions(tmp_path: Path, opened: Callable[[Path], Repository]):
    git(tmp_path, "init", "-q")
    root = tmp_path / "deep" / "er"
    repo = opened(root)
    point(root, "a")
    point(tmp_path, "outside")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "one")
    tree = Revisions(repo).tree("HEAD")
    assert tree.documents().files() == ["a.dvc"]
    assert tree.exists("a.dvc")
    assert not tree.exists("outside.dvc")
    assert [entry.name for entry in tree.list()] == [".dvc", "a.dvc"]


def test_a_broken_pointer_of_a_revision_is_told_with_the_revision(repo: Repository):
    (repo.root / "a.dvc").write_text("outs: 3\n")
    git(repo.root, "add", "-A")
    git(repo.root, "commit", "-qm", "one")
    (repo.root / "a.dvc").unlink()
    sha = git(repo.root, "rev-parse", "--short=7", "HEAD")
    with pytest.raises(InvalidInput, match=f"In the revision {sha}: .*a.dvc, line 1: outs should be a list"):
        Revisions(repo).tree("HEAD").documents()


def test_without_git_there_are_no_revisions(tmp_path: Path):
    (tmp_path / ".dvc").mkdir()
    (tmp_path / ".dvc" / "config").write_text("[core]\n    no_scm = True\n")
    point(tmp_path, "a")
    repo = Repository(tmp_path, {})
    assert names(repo) == ["a.dvc"]
    with pytest.raises(UnknownRevision, match="not under Git"):
        Revisions(repo).tree("HEAD")
