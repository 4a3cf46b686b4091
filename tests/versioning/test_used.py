"""What many commits use is found once, whichever sources tell of it, and whatever they ignore."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from treering.core.errors import InvalidInput
from treering.storage.content.oid import Oid
from treering.versioning import histories
from treering.versioning.entries import Output
from treering.versioning.repository import Repository
from treering.versioning.revision_scope import RevisionScope
from treering.versioning.sources import FileTree, PointerSource, Tracked
from treering.versioning.used import Scope, Unreadable, used_objects

ALL = Scope(workspace=False, revisions=RevisionScope(commits=True))


class Lines:
    """A source for tests: each dvc.yaml names a file, each line of which is an output with its digest."""

    def __init__(self) -> None:
        self.asked = 0

    def outputs(self, tree: FileTree) -> Iterator[Tracked]:
        for file in tree.documents().pipelines:
            self.asked += 1
            name = tree.read_bytes(file).decode().strip()
            if not tree.exists(name):
                continue
            for line in tree.read_bytes(name).decode().splitlines():
                if line == "broken":
                    msg = f"{name} is broken."
                    raise InvalidInput(msg)
                path, digest = line.split()
                yield Tracked(f"{file}:x", Output(path, Oid(digest)), tree.root / path, rev=tree.rev)


Commit = Callable[..., None]


@pytest.fixture
def commit(repo: Repository, git: Callable[..., str]) -> Commit:
    """Writes files and commits them."""

    def act(**files: str) -> None:
        for name, content in files.items():
            path = repo.root / name.replace("__", "/").replace("_dvc", ".dvc").replace("_yaml", ".yaml")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        git("add", "--force", ".")
        git("commit", "--quiet", "--allow-empty", "-m", "x")

    return act


def pointer(digest: str, path: str = "x") -> str:
    return f"outs:\n- md5: {digest * 32}\n  hash: md5\n  path: {path}\n"


def values(repo: Repository, scope: Scope = ALL, *more: Any) -> list[str]:
    return sorted(one.oid.value[:1] for one in used_objects(repo, scope, [PointerSource(), *more]))


def test_documents_that_commits_share_are_read_once(
    repo: Repository, commit: Commit, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(a_dvc=pointer("1"), in__b_dvc=pointer("2"))
    for number in range(40):
        commit(code=str(number), **({"a_dvc": pointer("3")} if number == 20 else {}))
    read: list[Path] = []
    original = histories.read_pointer
    monkeypatch.setattr(histories, "read_pointer", lambda file, text=None: read.append(file) or original(file, text))
    assert values(repo) == ["1", "2", "3"]
    assert sorted(path.name for path in read) == ["a.dvc", "a.dvc", "b.dvc"]


def test_a_source_is_asked_again_only_where_its_answer_may_differ(repo: Repository, commit: Commit) -> None:
    source = Lines()
    commit(dvc_yaml="lock")
    commit(lock=f"made {'1' * 32}")
    for number in range(20):
        commit(code=str(number))
    commit(lock=f"made {'2' * 32}\nother {'3' * 32}")
    for number in range(20):
        commit(code=str(-number))
    commit(sub__dvc_yaml="sub/lock", sub__lock=f"deep {'4' * 32}")
    assert values(repo, ALL, source) == ["1", "2", "3", "4"]
    # The first, the lock, its change, and two files in the last.
    assert source.asked == 5


def test_what_some_commits_ignore_they_do_not_use(repo: Repository, commit: Commit) -> None:
    source = Lines()
    commit(a_dvc=pointer("1"), hidden__b_dvc=pointer("2"), dvc_yaml="lock", lock=f"made {'3' * 32}")
    (repo.root / ".dvcignore").write_text("# a comment\n\n")
    commit()
    assert values(repo, ALL, source) == ["1", "2", "3"]
    (repo.root / ".dvcignore").write_text("hidden\n")
    commit(hidden__b_dvc=pointer("4"))
    assert values(repo, ALL, source) == ["1", "2", "3"]


def test_repositories_inside_are_not_looked_into(repo: Repository, commit: Commit) -> None:
    commit(a_dvc=pointer("1"))
    inner = repo.root / "inner"
    (inner / ".dvc").mkdir(parents=True)
    (inner / ".dvc" / "config").write_text("")
    commit(inner__b_dvc=pointer("2"))
    assert values(repo) == ["1"]


def test_a_document_that_cannot_be_read_is_named_or_passed_over(repo: Repository, commit: Commit) -> None:
    commit(a_dvc=pointer("1"), dvc_yaml="lock", lock=f"made {'2' * 32}")
    commit(b_dvc="outs: [", lock="broken")
    commit(b_dvc=pointer("3"), lock=f"made {'4' * 32}")
    with pytest.raises(Unreadable, match=r"revision [0-9a-f]{7} .*b\.dvc"):
        values(repo)
    with pytest.raises(Unreadable, match="lock is broken"):
        list(used_objects(repo, ALL, [Lines()]))
    lenient = Scope(workspace=False, revisions=RevisionScope(commits=True), skip_failed=True)
    assert values(repo, lenient, Lines()) == ["1", "2", "3", "4"]


def test_each_use_is_told_once(repo: Repository, commit: Commit) -> None:
    commit(a_dvc=pointer("1"))
    commit(a_dvc=pointer("1") + "  push: false\n")
    commit(b_dvc=pointer("1", "y"))
    found = list(used_objects(repo, Scope(everything=True)))
    assert len(found) == len({(one.oid, one.path, one.output.push) for one in found}) == 3
    # The working tree first.
    assert [one.rev for one in found][:2] == ["", ""]


def test_what_has_no_cache_or_is_not_known_yet_uses_nothing(repo: Repository, commit: Commit) -> None:
    commit(a_dvc=pointer("1") + "  cache: false\n", b_dvc="outs:\n- hash: md5\n  path: y\n")
    assert values(repo, Scope(everything=True)) == []


def test_a_repository_below_that_of_git(repo: Repository, git: Callable[..., str], environ: dict[str, str]) -> None:
    inner = repo.root / "inner"
    (inner / ".dvc").mkdir(parents=True)
    (inner / ".dvc" / "config").touch()
    (inner / "a.dvc").write_text(pointer("1"))
    (repo.root / "b.dvc").write_text(pointer("2"))
    git("add", ".")
    git("commit", "--quiet", "-m", "x")
    (inner / "a.dvc").unlink()
    below = Repository(inner, environ)
    assert values(below) == ["1"]
    assert [one.path for one in used_objects(below, ALL)] == [str(inner / "x")]
