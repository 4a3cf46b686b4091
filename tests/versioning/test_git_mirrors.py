from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from treering.core.errors import NotSupported
from treering.versioning.errors import GitFailed, UnknownRevision
from treering.versioning.git_mirrors import is_git_url, open_git

Git = Callable[..., str]


@pytest.fixture
def other(tmp_path: Path, git: Git) -> Path:
    """Another repository with a commit."""
    folder = tmp_path / "other"
    folder.mkdir()
    git("init", "--quiet", "--initial-branch=main", folder=folder)
    git("commit", "--quiet", "--allow-empty", "-m", "First", folder=folder)
    return folder


@pytest.mark.parametrize(
    ("url", "remote"),
    [
        ("https://example.com/x.git", True),
        ("git@example.com:x/y.git", True),
        ("file:///made-up/x", True),
        ("../x", False),
        ("x", False),
        ("./a:b", False),
        ("C:\\x", False),
    ],
)
def test_urls_are_told_from_paths(url: str, remote: bool) -> None:
    assert is_git_url(url) is remote


def test_a_repository_on_this_disk_is_opened_where_it_is(
    other: Path, git: Git, environ: Mapping[str, str], tmp_path: Path
) -> None:
    (other / "sub").mkdir()
    for url, base in ((str(other), None), ("../other", other.parent / "x"), (str(other / "sub"), None)):
        opened, sha = open_git(url, tmp_path / "site", environ, base=base)
        assert opened.root == other
        assert sha == git("rev-parse", "HEAD", folder=other)
        opened.close()
    assert not (tmp_path / "site").exists()


def test_a_repository_elsewhere_is_cloned_once(
    other: Path, git: Git, environ: Mapping[str, str], tmp_path: Path
) -> None:
    url = other.as_uri()
    first, sha = open_git(url, tmp_path / "site", environ)
    git("commit", "--quiet", "--allow-empty", "-m", "Second", folder=other)
    git("tag", "v1", folder=other)
    git("update-ref", "refs/exps/12/34/name", "HEAD", folder=other)
    # What is known by its whole name needs no look; anything else is asked for again.
    assert open_git(url, tmp_path / "site", environ, rev=sha)[1] == sha
    assert open_git(url, tmp_path / "site", environ, fresh=False)[1] == sha
    new = git("rev-parse", "HEAD", folder=other)
    for rev in ("v1", "main", "refs/exps/12/34/name", new[:10]):
        assert open_git(url, tmp_path / "site", environ, rev=rev)[1] == new
    opened, found = open_git(url, tmp_path / "site", environ)
    assert found == new
    assert opened.root == first.root
    assert len(list((tmp_path / "site" / "treering" / "git").glob("*/HEAD"))) == 1
    for one in (first, opened):
        one.close()


def test_what_was_known_is_there_when_the_other_is_gone(
    other: Path, environ: Mapping[str, str], tmp_path: Path
) -> None:
    url = other.as_uri()
    opened, sha = open_git(url, tmp_path / "site", environ)
    shutil.rmtree(other)
    assert open_git(url, tmp_path / "site", environ, rev=sha)[1] == sha
    with pytest.raises(GitFailed, match="git fetch"):
        open_git(url, tmp_path / "site", environ, rev="main")
    opened.close()


def test_a_new_commit_is_fetched_by_its_name(other: Path, git: Git, environ: Mapping[str, str], tmp_path: Path) -> None:
    url = other.as_uri()
    open_git(url, tmp_path / "site", environ)[0].close()
    git("commit", "--quiet", "--allow-empty", "-m", "Second", folder=other)
    new = git("rev-parse", "HEAD", folder=other)
    opened, found = open_git(url, tmp_path / "site", environ, rev=new, fresh=False)
    assert found == new
    opened.close()


def test_the_head_follows_the_others(other: Path, git: Git, environ: Mapping[str, str], tmp_path: Path) -> None:
    url = other.as_uri()
    open_git(url, tmp_path / "site", environ)[0].close()
    git("checkout", "--quiet", "-b", "trunk", folder=other)
    git("commit", "--quiet", "--allow-empty", "-m", "Second", folder=other)
    git("branch", "-D", "main", folder=other)
    opened, found = open_git(url, tmp_path / "site", environ)
    assert found == git("rev-parse", "trunk", folder=other)
    assert list(opened.branches()) == ["trunk"]
    opened.close()


def test_a_revision_that_is_none_is_told(other: Path, environ: Mapping[str, str], tmp_path: Path) -> None:
    with pytest.raises(UnknownRevision, match="'none'"):
        open_git(other.as_uri(), tmp_path / "site", environ, rev="none")
    with pytest.raises(UnknownRevision, match="'none'"):
        open_git(str(other), tmp_path / "site", environ, rev="none")


def test_what_is_no_repository_is_told(environ: Mapping[str, str], tmp_path: Path) -> None:
    with pytest.raises(GitFailed, match="is no Git repository"):
        open_git(str(tmp_path / "none"), tmp_path / "site", environ)
    with pytest.raises(GitFailed, match="git clone"):
        open_git((tmp_path / "none").as_uri(), tmp_path / "site", environ)
    assert list((tmp_path / "site" / "treering" / "git").glob("*.part*")) == []


@pytest.mark.parametrize("url", ["ext::sh -c touch% {planted}", "fd::17", "::x", "my-helper::https://host/x"])
def test_an_import_runs_no_program(url: str, environ: Mapping[str, str], tmp_path: Path) -> None:
    planted = tmp_path / "planted"
    # Somebody has allowed it for other purposes.
    allowed = {**environ, "GIT_ALLOW_PROTOCOL": "ext:fd:my-helper:https"}
    with pytest.raises(NotSupported, match="program"):
        open_git(url.format(planted=planted), tmp_path / "site", allowed)
    assert not planted.exists()


@pytest.mark.parametrize("url", ["--upload-pack=touch planted", "ssh://-oProxyCommand=touch${{IFS}}planted/x", "-u:x"])
def test_a_url_is_no_option(
    url: str, environ: Mapping[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(GitFailed):
        open_git(url, tmp_path / "site", environ)
    assert not list(tmp_path.rglob("*planted"))
