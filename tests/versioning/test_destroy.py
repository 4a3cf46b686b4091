"""A repository becomes an ordinary folder, and nothing in the working tree is lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from treering.core.errors import Conflict, InvalidInput
from treering.versioning.add import add
from treering.versioning.destroy import destroy
from treering.versioning.repository import Repository


@pytest.fixture
def again(repo: Repository) -> Callable[..., Repository]:
    """The same repository as a new process finds it."""
    return lambda: Repository(repo.root, repo.environ)


@pytest.fixture
def linked(repo: Repository, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """Data whose files are symbolic links into the cache."""
    monkeypatch.chdir(repo.root)
    (repo.root / ".dvc" / "config").write_text("[cache]\n    type = symlink\n")
    (repo.root / "data").mkdir()
    (repo.root / "data" / "a").write_text("1")
    (repo.root / "b").write_text("2")
    (repo.root / ".dvcignore").write_text("*.tmp\n")
    return repo


def test_links_become_files_before_the_cache_goes(linked: Repository, again: Callable[..., Repository]) -> None:
    add(again(), ["data", "b"])
    assert (linked.root / "b").is_symlink()
    destroy(again())
    assert not (linked.root / "b").is_symlink()
    assert ((linked.root / "b").read_text(), (linked.root / "data" / "a").read_text()) == ("2", "1")
    (linked.root / "b").write_text("mine")
    assert {path.name for path in linked.root.iterdir()} == {".git", ".gitignore", "b", "data"}


def test_a_cache_elsewhere_stays(linked: Repository, again: Callable[..., Repository], tmp_path: Path) -> None:
    (linked.root / ".dvc" / "config").write_text(f"[cache]\n    type = symlink\n    dir = {tmp_path / 'cache'}\n")
    add(again(), ["b"])
    destroy(again())
    assert any((tmp_path / "cache").rglob("*"))


def test_a_link_elsewhere_is_not_broken(linked: Repository, again: Callable[..., Repository], tmp_path: Path) -> None:
    add(again(), ["b"])
    outside = tmp_path / "outside"
    outside.symlink_to((linked.root / "b").resolve())
    (linked.root / "outside.dvc").write_text("outs:\n- path: ../outside\n  cache: false\n")
    with pytest.raises(Conflict, match="outside"):
        destroy(again())
    assert (outside.read_text(), (linked.root / "b.dvc").exists()) == ("2", True)
    outside.unlink()
    outside.write_text("mine")
    outside.chmod(0o444)
    destroy(again())
    # What lies elsewhere is not written to, not even its permissions.
    assert outside.stat().st_mode & 0o777 == 0o444


def test_a_document_that_cannot_be_used_ends_it_before_it_begins(
    linked: Repository, again: Callable[..., Repository]
) -> None:
    add(again(), ["b"])
    (linked.root / "c.dvc").write_text("outs: [\n")
    with pytest.raises(InvalidInput, match=r"c\.dvc"):
        destroy(again())
    assert (linked.root / "b").is_symlink()
    assert (linked.root / ".dvc" / "config").exists()
