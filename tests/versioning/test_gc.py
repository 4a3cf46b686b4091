"""What is used stays, whoever uses it; what is in doubt stays; and the rest goes when it is old enough."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from emulators import moto
from places import Place, configure, folder_place, s3_place, webdav_place
from treering.core.errors import InvalidInput, NotSupported
from treering.storage.content.oid import Oid
from treering.versioning.add import add
from treering.versioning.errors import UnknownRevision
from treering.versioning.gc import GcOptions, gc
from treering.versioning.known_trees import KnownTrees
from treering.versioning.remotes import open_remote
from treering.versioning.repository import Repository, find_repository
from treering.versioning.revision_scope import RevisionScope
from treering.versioning.transfer import TransferOptions, cloud_status, fetch, push
from treering.versioning.used import Scope, Unreadable, Used, used_objects

NOW = GcOptions(grace=0)
WORKSPACE = replace(NOW, scope=Scope())


@pytest.fixture
def history(repo: Repository, git: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A repository with a branch, a tag, an experiment and a stash, each with data of its own."""
    monkeypatch.chdir(repo.root)
    (repo.root / ".gitignore").write_text("/data\n/file\n")
    for name in ("tagged", "branch", "old", "experiment", "stashed", "main"):
        if name == "branch":
            git("checkout", "--quiet", "-b", "side")
        elif name == "old":
            git("checkout", "--quiet", "main")
        write(repo, name)
        if name == "stashed":
            git("stash", "--quiet")
            continue
        git("add", ".")
        git("commit", "--quiet", "-m", name)
        if name == "tagged":
            git("tag", "v1")
        if name == "experiment":
            git("update-ref", "refs/exps/ab/cdef/fast", "HEAD")
            git("reset", "--quiet", "--hard", "HEAD~1")
    return repo


def write(repo: Repository, content: str) -> None:
    """Track a folder and a file with this content."""
    shutil.rmtree(repo.root / "data", ignore_errors=True)
    (repo.root / "data").mkdir()
    (repo.root / "data" / "same").write_text("in all")
    (repo.root / "data" / "own").write_text(f"{content} in a folder")
    (repo.root / "file").unlink(missing_ok=True)
    (repo.root / "file").write_text(content)
    add(repo, ["data", "file"])


def contents(repo: Repository) -> set[str]:
    """What files of the cache hold; without lists."""
    return {repo.cache.path(oid).read_text() for oid, _, _ in repo.cache.walk() if not oid.is_dir}


def of(*names: str) -> set[str]:
    return {"in all", *names, *(f"{name} in a folder" for name in names)}


ALL = ("tagged", "branch", "old", "experiment", "stashed", "main")


class TestCache:
    def test_all_that_git_knows_is_kept_unless_told_otherwise(self, history: Repository) -> None:
        (history.root / "file").unlink()
        (history.root / "file").write_text("never committed")
        add(history, ["file"])
        write(history, "main")
        report = gc(history, NOW)
        assert {one.size for one in report.cache} == {len("never committed")}
        assert report.size == len("never committed")
        assert contents(history) == of(*ALL)

    @pytest.mark.parametrize(
        ("scope", "kept"),
        [
            (Scope(), ("main",)),
            (Scope(revisions=RevisionScope(branches=True)), ("main", "branch")),
            (Scope(revisions=RevisionScope(tags=True)), ("main", "tagged")),
            (Scope(revisions=RevisionScope(commits=True)), ("main", "branch", "tagged", "old")),
            (Scope(revisions=RevisionScope(experiments=True)), ("main", "experiment")),
            (Scope(revisions=RevisionScope(revs=("HEAD~1",))), ("main", "old")),
            (Scope(revisions=RevisionScope(revs=("HEAD",), num=3)), ("main", "old", "tagged")),
            (Scope(revisions=RevisionScope(since="2001-01-01")), ("main", "branch", "tagged", "old")),
            (Scope(revisions=RevisionScope(since="2999-01-01")), ("main",)),
        ],
    )
    def test_what_a_scope_says_is_kept(self, history: Repository, scope: Scope, kept: tuple[str, ...]) -> None:
        dry = gc(history, replace(NOW, scope=scope, dry=True))
        assert contents(history) == of(*ALL)
        report = gc(history, replace(NOW, scope=scope))
        assert report.cache == dry.cache
        assert contents(history) == of(*kept)
        # Three objects each; a list goes before its files.
        assert len(report.cache) == 3 * (len(ALL) - len(kept))
        assert [one.oid.is_dir for one in report.cache] == sorted(
            (one.oid.is_dir for one in report.cache), reverse=True
        )

    def test_what_is_young_is_kept(self, history: Repository) -> None:
        report = gc(history, replace(WORKSPACE, grace=3600.0))
        assert (report.cache, report.young) == ((), 3 * (len(ALL) - 1))
        assert contents(history) == of(*ALL)
        # A file that was old when it was added is young in the cache.
        for oid, _, _ in list(history.cache.walk()):
            os.utime(history.cache.path(oid), (0, 0))
        assert not gc(history, replace(WORKSPACE, grace=3600.0)).cache

    def test_a_pointer_that_cannot_be_read_keeps_everything(self, history: Repository, git: Callable[..., str]) -> None:
        (history.root / "broken.dvc").write_text("outs: [")
        with pytest.raises(Unreadable, match=r"working tree .*broken\.dvc"):
            gc(history, WORKSPACE)
        git("add", "broken.dvc")
        git("commit", "--quiet", "-m", "broken")
        git("rm", "--quiet", "broken.dvc")
        git("commit", "--quiet", "-m", "mended")
        with pytest.raises(Unreadable, match=r"revision [0-9a-f]{7} .*broken\.dvc"):
            gc(history, NOW)
        assert contents(history) == of(*ALL)
        gc(history, replace(NOW, scope=Scope(everything=True, skip_failed=True)))
        assert contents(history) == of(*ALL)

    def test_a_folder_of_the_working_tree_whose_list_is_nowhere_keeps_everything(self, history: Repository) -> None:
        [used] = [one for one in used_objects(history) if one.oid.is_dir]
        history.cache.remove(used.oid)
        with pytest.raises(Unreadable, match="skip-failed"):
            gc(history, WORKSPACE)
        assert contents(history) == of(*ALL)

    def test_a_list_that_only_the_remote_has_is_asked_for(self, history: Repository, tmp_path: Path) -> None:
        history = configure(history, folder_place(tmp_path))
        push(history)
        [used] = [one for one in used_objects(history) if one.oid.is_dir]
        history.cache.remove(used.oid)
        gc(history, WORKSPACE)
        assert contents(history) == of("main")

    def test_a_list_that_was_damaged_keeps_everything(self, history: Repository) -> None:
        [old] = [one for one in _used_in(history, "v1") if one.oid.is_dir]
        path = history.cache.path(old.oid)
        path.chmod(0o644)
        path.write_text("[]")
        with pytest.raises(Unreadable, match="revision"):
            gc(history, NOW)
        assert contents(history) == of(*ALL)

    def test_other_projects_that_share_the_cache_are_asked(
        self, history: Repository, tmp_path: Path, environ: dict[str, str]
    ) -> None:
        other_root = tmp_path / "other"
        (other_root / ".dvc").mkdir(parents=True)
        (other_root / ".dvc" / "config").write_text(
            f"[cache]\n    dir = {history.cache.root}\n[core]\n    no_scm = True\n"
        )
        other = find_repository(other_root, environ)
        os.chdir(other_root)
        write(other, "other")
        gc(history, replace(WORKSPACE, projects=[other_root]))
        assert contents(history) == of("main", "other")
        gc(history, WORKSPACE)
        assert contents(history) == of("main")

    def test_what_comes_from_other_repositories_is_kept_unless_as_dvc_does(self, history: Repository) -> None:
        pointer = history.root / "file.dvc"
        pointer.write_text(
            "frozen: true\ndeps:\n- path: x\n  repo:\n    url: ../r\n    rev_lock: abc\n" + pointer.read_text()
        )
        gc(history, WORKSPACE)
        assert contents(history) == of("main")
        gc(history, replace(WORKSPACE, imports=False))
        assert contents(history) == of("main") - {"main"}

    def test_nothing_is_removed_while_something_is_transferred(self, history: Repository) -> None:
        code = (
            "import os, sys\nfrom pathlib import Path\nfrom treering.versioning.repository import find_repository\n"
            f"repo = find_repository(Path({str(history.root)!r}), dict(os.environ))\n"
            "with repo.lock(write=False):\n    print('held', flush=True)\n    sys.stdin.read()\n"
        )
        other = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert other.stdin is not None
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        thread = threading.Thread(target=gc, args=(history, WORKSPACE))
        thread.start()
        thread.join(0.3)
        assert thread.is_alive()
        assert contents(history) == of(*ALL)
        other.stdin.close()
        thread.join(60)
        assert contents(history) == of("main")
        assert other.wait(60) == 0
        other.stdout.close()

    def test_objects_of_dvc_2_are_looked_at_for_themselves(self, history: Repository) -> None:
        for number, digest in enumerate(("1" * 32, "2" * 32)):
            path = history.cache.path(Oid(digest, legacy=True))
            path.parent.mkdir(parents=True)
            path.write_text(str(number))
        (history.root / "legacy.dvc").write_text(f"outs:\n- md5: {'1' * 32}\n  path: legacy\n")
        gc(history, WORKSPACE)
        assert contents(history) == {*of("main"), "0"}

    def test_what_the_remote_has_can_go(self, history: Repository, tmp_path: Path) -> None:
        history = configure(history, folder_place(tmp_path))
        push(history, TransferOptions(targets=["file"]))
        gc(history, replace(WORKSPACE, not_in_remote=True))
        assert contents(history) == {"in all", "main in a folder"}
        with pytest.raises(InvalidInput, match="one after the other"):
            gc(history, replace(WORKSPACE, not_in_remote=True, cloud=True))

    def test_without_git_the_working_tree_is_all_there_is(
        self, tmp_path: Path, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        root = tmp_path / "bare"
        (root / ".dvc").mkdir(parents=True)
        (root / ".dvc" / "config").write_text("[core]\n    no_scm = True\n")
        monkeypatch.chdir(root)
        repo = find_repository(root, environ)
        write(repo, "first")
        write(repo, "second")
        gc(repo, NOW)
        assert contents(repo) == of("second")
        with pytest.raises(UnknownRevision, match="not under Git"):
            gc(repo, replace(NOW, scope=Scope(revisions=RevisionScope(branches=True))))

    def test_what_transfers_left_behind_goes_after_a_week(self, history: Repository) -> None:
        partial = history.cache.root / ".treering-partial"
        partial.mkdir()
        for name, age in (("a" * 32, 8), ("b" * 32, 1)):
            (partial / name).write_bytes(bytes(1000))
            os.utime(partial / name, (time.time() - age * 86400,) * 2)
        assert gc(history, NOW).leftovers == 1000
        assert [path.name for path in partial.iterdir()] == ["b" * 32]


@pytest.fixture(scope="module")
def s3_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with moto(tmp_path_factory.mktemp("moto")) as address:
        yield address


@pytest.fixture(params=["folder", "webdav", pytest.param("s3", marks=pytest.mark.cloud)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    if request.param == "folder":
        yield folder_place(tmp_path)
    elif request.param == "s3":
        yield s3_place(request.getfixturevalue("s3_address"))
    else:
        with webdav_place(tmp_path) as made:
            yield made


class TestRemote:
    def test_what_nothing_uses_goes_from_the_remote(self, history: Repository, place: Place) -> None:
        history = configure(history, place)
        push(history, TransferOptions(revisions=RevisionScope(commits=True)))
        place.write("files/md5/ab/keep me", b"somebody else's")
        place.write("runs/ab/x", b"a run")
        before = place.objects()
        known = KnownTrees(history, open_remote(history))
        dry = gc(history, replace(WORKSPACE, cloud=True, dry=True))
        assert place.objects() == before
        report = gc(history, replace(WORKSPACE, cloud=True))
        assert report.remotes == dry.remotes
        [(name, removed)] = report.remotes
        assert (name, len(removed)) == ("store", 9)
        assert set(place.objects()) - {"files/md5/ab/keep me", "runs/ab/x"} == {
            key for key in before if key.startswith("files") and "keep" not in key
        } - {f"files/md5/{one.oid.value[:2]}/{one.oid.value[2:]}" for one in removed}
        assert len(place.objects()) == 4 + 2
        assert cloud_status(history) == {}
        # What is thought to be there is asked for again.
        assert not any(one.oid.value in known for one in removed)
        shutil.rmtree(history.cache.root)
        assert fetch(history).is_complete

    def test_what_is_young_is_kept_where_the_remote_tells(self, history: Repository, place: Place) -> None:
        history = configure(history, place)
        push(history, TransferOptions(revisions=RevisionScope(commits=True)))
        before = place.objects()
        options = GcOptions(scope=Scope(), cloud=True)
        if place.url.startswith("webdav"):
            with pytest.raises(NotSupported, match="--grace 0"):
                gc(history, options)
        else:
            assert gc(history, options).young >= 9
        assert place.objects() == before
        assert contents(history) == of(*ALL)

    def test_a_list_that_is_nowhere_keeps_everything(self, history: Repository, place: Place) -> None:
        history = configure(history, place)
        push(history)
        before = place.objects()
        [old] = [one for one in _used_in(history, "v1") if one.oid.is_dir]
        history.cache.remove(old.oid)
        with pytest.raises(Unreadable, match="revision"):
            gc(history, replace(NOW, cloud=True))
        assert place.objects() == before


def _used_in(repo: Repository, rev: str) -> list[Used]:
    return list(used_objects(repo, Scope(workspace=False, revisions=RevisionScope(revs=(rev,)))))
