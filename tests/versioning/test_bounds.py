"""Pointers and lists of other people put nothing outside of the repository, and nothing among Git's own files."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from treering.core.errors import DamagedData
from treering.storage.content.hashing import hash_bytes
from treering.storage.content.oid import Oid
from treering.versioning.bounds import refuse_outside, refuse_removal
from treering.versioning.checkout import CheckoutOptions, Incomplete, checkout
from treering.versioning.commit import CommitOptions, commit
from treering.versioning.errors import OutOfBounds
from treering.versioning.remove import remove
from treering.versioning.repository import Repository

CLIMBING = ["../elsewhere/x", "{elsewhere}/x", "sub/../../elsewhere/x", ".", "..", "/"]
OWNED = [".git/hooks/post-checkout", ".dvc/config.local", "sub/.git/config", "sub/.GIT/config", ".dvc"]


@pytest.fixture
def elsewhere(repo: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder beside the repository with something in it."""
    monkeypatch.chdir(repo.root)
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "mine").write_text("mine")
    return folder


def point(repo: Repository, path: str, oid: Oid, more: str = "") -> Path:
    file = repo.root / "evil.dvc"
    file.write_text(f"{more}outs:\n- md5: {oid.value}\n  hash: md5\n  path: {path}\n")
    return file


def listing(repo: Repository, *paths: str) -> Oid:
    """A list of files in the cache, written by hand."""
    digest = repo.cache.put_bytes(b"planted").value
    data = json.dumps([{"md5": digest, "relpath": path} for path in paths], sort_keys=True).encode()
    return repo.cache.put_bytes(data, ".dir")


def is_untouched(repo: Repository, elsewhere: Path) -> bool:
    planted = [path for path in repo.root.parent.rglob("*") if path.is_file() and path.read_bytes() == b"planted"]
    return [path.name for path in elsewhere.iterdir()] == ["mine"] and all(
        path.is_relative_to(repo.cache.root) for path in planted
    )


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("path", [*CLIMBING, *OWNED])
def test_a_pointer_that_leads_out_puts_nothing_there(repo: Repository, elsewhere: Path, path: str, force: bool) -> None:
    point(repo, path.format(elsewhere=elsewhere), repo.cache.put_bytes(b"planted"))
    with pytest.raises(Incomplete, match=r"lies? in") as caught:
        checkout(repo, ["evil.dvc"], CheckoutOptions(force=force))
    assert len(caught.value.paths) == 1
    assert is_untouched(repo, elsewhere)


def test_a_working_directory_that_leads_out_is_no_way_out(repo: Repository, elsewhere: Path) -> None:
    point(repo, "x", repo.cache.put_bytes(b"planted"), "wdir: ../elsewhere\n")
    with pytest.raises(Incomplete):
        checkout(repo, ["evil.dvc"])
    assert is_untouched(repo, elsewhere)


def test_what_dvc_2_tracked_outside_keeps_nothing_else_back(
    repo: Repository, elsewhere: Path, caplog: pytest.LogCaptureFixture
) -> None:
    oid = repo.cache.put_bytes(b"good")
    point(repo, "../elsewhere/x", oid)
    (repo.root / "good.dvc").write_text(f"outs:\n- md5: {oid.value}\n  hash: md5\n  path: good\n")
    assert checkout(repo).added == ("good",)
    assert "left alone" in caplog.text
    assert is_untouched(repo, elsewhere)


@pytest.mark.parametrize("name", ["link/x", "link", "link/deep/x"])
def test_a_link_in_git_that_leads_out_is_not_followed(
    repo: Repository, elsewhere: Path, git: Callable[..., str], name: str
) -> None:
    (repo.root / "link").symlink_to(elsewhere)
    git("add", "link")
    # Nobody switches that off with a line in the repository's config.
    (repo.dvc_dir / "config").write_text("[core]\n    no_scm = true\n")
    point(repo, name, listing(repo, "planted", "mine") if name == "link" else repo.cache.put_bytes(b"planted"))
    with pytest.raises(Incomplete, match="symbolic link in Git"):
        checkout(Repository(repo.root, repo.environ), ["evil.dvc"], CheckoutOptions(force=True))
    assert is_untouched(repo, elsewhere)


def test_a_link_that_the_user_made_is_followed(repo: Repository, elsewhere: Path) -> None:
    (repo.root / "link").symlink_to(elsewhere)
    point(repo, "link/x", repo.cache.put_bytes(b"wanted"))
    checkout(repo, ["evil.dvc"])
    assert (elsewhere / "x").read_bytes() == b"wanted"


def test_a_link_into_the_folder_of_git_is_not_followed(repo: Repository, elsewhere: Path) -> None:
    (repo.root / "link").symlink_to(".git")
    point(repo, "link/config.worktree", repo.cache.put_bytes(b"planted"))
    with pytest.raises(Incomplete):
        checkout(repo, ["evil.dvc"])
    assert is_untouched(repo, elsewhere)


@pytest.mark.parametrize("path", ["../elsewhere/x", "/x", "a/../../x", "a//x", "./x", "a/", "", "a\0b"])
def test_a_list_whose_paths_climb_out_is_damaged(repo: Repository, elsewhere: Path, path: str) -> None:
    oid = listing(repo, "good", path)
    with pytest.raises(DamagedData):
        repo.cache.read_manifest(oid)
    point(repo, "data", oid)
    with pytest.raises(Incomplete):
        checkout(repo, ["evil.dvc"])
    assert is_untouched(repo, elsewhere)


@pytest.mark.parametrize("path", [".git/config", "a/.Git/hooks/x", "a/.git", ".dvc/config"])
def test_a_list_plants_no_repository(repo: Repository, elsewhere: Path, path: str) -> None:
    point(repo, "data", listing(repo, "good", path))
    with pytest.raises(Incomplete, match="own"):
        checkout(repo, ["evil.dvc"])
    assert is_untouched(repo, elsewhere)
    # Names that only begin so are anybody's.
    point(repo, "data", listing(repo, ".github/x", ".gitignore", "a.git/x"))
    checkout(repo, ["evil.dvc"])


@pytest.mark.parametrize("data", [b"", b"{}", b"[1]", b"\xff\xfe[]", b'[{"md5": "x", "relpath": "y"}]', b"[" * 100_000])
def test_a_list_that_is_none_is_told(repo: Repository, elsewhere: Path, data: bytes) -> None:
    point(repo, "data", repo.cache.put_bytes(data, ".dir"))
    with pytest.raises(Incomplete, match="damaged"):
        checkout(repo, ["evil.dvc"])
    assert is_untouched(repo, elsewhere)


def test_nothing_outside_is_deleted_or_stored(repo: Repository, elsewhere: Path) -> None:
    file = point(repo, "../elsewhere/mine", Oid(hash_bytes(b"other")))
    with pytest.raises(OutOfBounds):
        commit(repo, ["evil.dvc"], CommitOptions(force=True))
    assert not list(repo.cache.walk())
    with pytest.raises(OutOfBounds):
        remove(repo, ["evil.dvc"], outs=True)
    assert file.exists()
    remove(repo, ["evil.dvc"])
    assert not file.exists()
    assert is_untouched(repo, elsewhere)


def test_a_stage_removes_no_repository(repo: Repository, elsewhere: Path) -> None:
    for path in (repo.root, repo.root.parent, Path("/"), repo.root / ".git", repo.dvc_dir / "cache"):
        with pytest.raises(OutOfBounds):
            refuse_removal(repo, str(path))
    for path in (elsewhere, repo.root / "sub", Path(f"{repo.root}-2")):
        refuse_removal(repo, str(path))


def test_a_broken_link_above_is_nobodys_way_out(repo: Repository, elsewhere: Path) -> None:
    shutil.rmtree(elsewhere)
    (repo.root / "link").symlink_to(elsewhere)
    refuse_outside(repo, str(repo.root / "link"))
    point(repo, "link/x", repo.cache.put_bytes(b"planted"))
    with pytest.raises(Incomplete):
        checkout(repo, ["evil.dvc"])
    assert not elsewhere.exists()
