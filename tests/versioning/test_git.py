from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from treering.core.errors import NotSupported
from treering.versioning.errors import GitFailed, UnknownRevision, exit_status
from treering.versioning.git import MISSING, GitRepository
from treering.versioning.git_objects import EMPTY_TREE, Entry
from treering.versioning.git_search import Search, introduced
from treering.versioning.repository import Repository

Git = Callable[..., str]
STRANGE = ["with space", "quo'te\"", "back\\slash", "é", "-dash", ":colon", "new\nline", "*", "deep/er/file"]


@pytest.fixture
def repository(repo: Repository, git: Git) -> Iterator[GitRepository]:
    """One with a commit of the file `a`."""
    (repo.root / "a").write_text("one\n")
    git("add", "a")
    git("commit", "--quiet", "-m", "First\n\nwith a body")
    opened = repo.require_git()
    yield opened
    opened.close()


def test_revisions_are_resolved_however_they_are_written(repository: GitRepository, git: Git) -> None:
    git("tag", "-m", "annotated", "v1")
    git("commit", "--quiet", "--allow-empty", "-m", "Second")
    first, second = git("rev-parse", "HEAD~1"), git("rev-parse", "HEAD")
    assert repository.head() == repository.resolve("main") == repository.resolve("HEAD") == second
    assert repository.resolve("v1") == repository.resolve("HEAD~1") == repository.resolve(first[:8]) == first
    assert repository.branch() == "main"
    assert repository.is_ancestor(first, second)
    assert not repository.is_ancestor(second, first)


@pytest.mark.parametrize(
    "name", ["nothing", "", "HEAD~9", "a b", "--all", "main\nHEAD", "HEAD:a", "@{u}", "HEAD@{9}", EMPTY_TREE]
)
def test_what_is_no_commit_is_told_by_name(repository: GitRepository, name: str) -> None:
    with pytest.raises(UnknownRevision, match="no commit, branch or tag") as caught:
        repository.resolve(name)
    assert exit_status(caught.value) == 255
    # And the reader goes on answering.
    assert repository.resolve("HEAD") == repository.head()


def test_a_repository_without_commits_has_no_head(repo: Repository) -> None:
    empty = repo.require_git()
    assert not empty.has_commits
    assert empty.all_commits() == []
    assert empty.branch() == "main"
    with pytest.raises(UnknownRevision):
        empty.head()
    empty.close()


def test_a_commit_is_read_whole(repository: GitRepository) -> None:
    commit = repository.commit("HEAD")
    assert commit.parents == ()
    assert commit.author == "Ada <ada@example.com>"
    assert commit.message == "First\n\nwith a body\n"
    assert commit.time > 1_700_000_000


def test_files_of_a_commit_are_read_without_a_checkout(repository: GitRepository, git: Git) -> None:
    root = repository.root
    for name in STRANGE:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    (root / "run.sh").touch(mode=0o755)
    (root / "link").symlink_to("a")
    git("add", "--all")
    git("commit", "--quiet", "-m", "Second")
    (root / "a").write_text("changed since\n")
    with repository.objects() as objects:
        tree = objects.tree("HEAD")
        assert tree.read("a") == b"one\n"
        assert {path for path, _ in tree.walk()} == {*STRANGE, "a", "run.sh", "link", ".dvc/config"}
        assert all(tree.read(name) == name.encode() for name in STRANGE)
        assert [path for path, _ in tree.walk("deep")] == ["deep/er/file"]
        found = tree.find("run.sh")
        assert found is not None
        assert found.is_executable
        found = tree.find("link")
        assert found is not None
        assert found.is_link
        assert tree.read("link") == b"a"
        assert tree.find("deep/none") is None
        assert tree.find("a/none") is None
        assert list(tree.folder("deep") or ()) == ["er"]
        with pytest.raises(FileNotFoundError):
            tree.read("none")
        with pytest.raises(IsADirectoryError):
            tree.read("deep")


def test_objects_that_are_not_there_are_told_by_name(repository: GitRepository) -> None:
    with pytest.raises(GitFailed, match="does not have the blob 1234"):
        repository.reader.blob("1234" * 10)
    with pytest.raises(GitFailed, match="does not have the blob"):
        repository.reader.blob(repository.head())


def test_many_objects_are_read_at_once(repository: GitRepository, git: Git) -> None:
    contents = [str(number).encode() * number for number in range(700)]
    names = [repository.store_blob(content) for content in contents[:5]]
    for number, content in enumerate(contents[5:]):
        (repository.root / f"n{number}").write_bytes(content)
    git("add", "--all")
    tree = repository.reader.folder(git("write-tree").strip())
    names += [tree[f"n{number}"].sha for number in range(695)]
    assert [content for _, kind, content in repository.reader.read_many(names) if kind == "blob"] == contents
    with pytest.raises(GitFailed, match="does not have the object 1234"):
        list(repository.reader.read_many([*names, "1234" * 10, *names]))
    assert repository.reader.commits([repository.head()] * 2) == [repository.commit("HEAD")] * 2


def test_a_reader_whose_process_died_starts_another_one(repository: GitRepository) -> None:
    head = repository.head()
    process = repository.reader._process
    assert process is not None
    process.kill()
    process.wait()
    repository.reader._commits.clear()
    assert repository.head() == head


def test_a_reader_that_is_forgotten_leaves_no_process(repository: GitRepository) -> None:
    other = GitRepository(repository.root, repository.environ)
    other.head()
    process = other.reader._process
    assert process is not None
    del other
    gc.collect()
    assert process.returncode is not None


def test_a_search_looks_at_shared_folders_once(repository: GitRepository, git: Git) -> None:
    root = repository.root
    (root / "data" / "deep").mkdir(parents=True)
    (root / "data" / "deep" / "x.dvc").write_text("x")
    (root / "y.dvc").write_text("y")
    git("add", "--all")
    git("commit", "--quiet", "-m", "Second")
    (root / "y.dvc").write_text("other")
    git("commit", "--quiet", "--all", "-m", "Third")
    search = Search(repository.reader, lambda name: name.endswith(".dvc"))
    trees = [repository.commit(rev).tree for rev in ("HEAD~2", "HEAD~1", "HEAD")]
    found = [dict(search.files(tree)) for tree in trees]
    assert [sorted(files) for files in found] == [[], *[["data/deep/x.dvc", "y.dvc"]] * 2]
    assert found[1]["data/deep/x.dvc"] == found[2]["data/deep/x.dvc"]
    assert repository.reader.blob(found[2]["y.dvc"].sha) == b"other"
    new = [[path for path, _ in search.new_files(tree)] for tree in (*trees, trees[1])]
    assert new == [[], ["y.dvc", "data/deep/x.dvc"], ["y.dvc"], []]


def test_everything_that_a_history_ever_had_is_found(repository: GitRepository, git: Git) -> None:
    root = repository.root

    def commit(**files: str) -> None:
        for name, text in files.items():
            (root / "data").mkdir(exist_ok=True)
            (root / "data" / f"{name}.dvc").write_text(text)
        git("add", "--all")
        git("commit", "--quiet", "-m", "x")

    commit(x="1", y="1", z="1")
    git("checkout", "--quiet", "-b", "side")
    commit(x="side", z="side")
    git("checkout", "--quiet", "main")
    commit(x="2")
    # A merge that drops what the side had of one file, and makes something new of another.
    git("merge", "--quiet", "--no-commit", "-s", "ours", "side")
    commit(z="merged")
    git("branch", "-D", "side")
    git("rm", "--quiet", "data/y.dvc")
    git("commit", "--quiet", "-m", "x")
    git("checkout", "--quiet", "--detach")
    commit(x="detached")
    found = {(path, repository.reader.blob(entry.sha).decode()) for path, entry in introduced(repository, ["**/*.dvc"])}
    assert found == {
        *(("data/x.dvc", text) for text in ("1", "side", "2", "detached")),
        ("data/y.dvc", "1"),
        *(("data/z.dvc", text) for text in ("1", "side", "merged")),
    }
    assert dict(introduced(repository, ["a"], ["main"])) == {"a": repository.reader.tree("main").find("a")}
    assert list(introduced(repository, ["*.dvc"])) == []


def test_commits_are_listed_as_dvc_lists_them(repository: GitRepository, git: Git) -> None:
    git("branch", "side")
    git("commit", "--quiet", "--allow-empty", "-m", "Second")
    git("update-ref", "refs/exps/12/3456/name", git("commit-tree", "HEAD^{tree}", "-m", "experiment"))
    first, second = git("rev-parse", "side"), git("rev-parse", "main")
    git("checkout", "--quiet", "--detach")
    git("commit", "--quiet", "--allow-empty", "-m", "Detached")
    assert set(repository.all_commits()) == {first, second, git("rev-parse", "HEAD")}
    assert repository.branch() == ""
    assert repository.first_parents("main", 1) == [second]
    assert repository.first_parents("main", 0) == repository.first_parents("main", 5) == [second, first]
    assert repository.branches() == {"main": second, "side": first}


def test_tags_lead_to_commits(repository: GitRepository, git: Git) -> None:
    git("tag", "light")
    git("tag", "-m", "heavy", "heavy/one")
    assert repository.tags() == {"heavy/one": repository.head(), "light": repository.head()}


def test_a_reference_is_moved_only_from_where_it_should_be(repository: GitRepository, git: Git) -> None:
    ref, first = "refs/exps/ab/cdef/name", repository.head()
    git("commit", "--quiet", "--allow-empty", "-m", "Second")
    second = repository.head()
    repository.set_ref(ref, first, old=MISSING, message="made", reflog=True)
    assert repository.get_ref(ref) == first
    with pytest.raises(GitFailed, match="update-ref"):
        repository.set_ref(ref, second, old=MISSING)
    with pytest.raises(GitFailed, match="update-ref"):
        repository.set_ref(ref, second, old=second)
    repository.set_ref(ref, second, old=first)
    assert repository.refs("refs/exps/") == {ref: second}
    assert git("reflog", "show", "--format=%gs", ref).splitlines()[-1] == "made"
    repository.delete_refs([ref, "refs/exps/none"])
    assert repository.get_ref(ref) == ""


def test_several_references_move_together_or_not_at_all(repository: GitRepository) -> None:
    head = repository.head()
    with pytest.raises(GitFailed):
        repository.update_refs([f"create refs/exps/one {head}", f"update refs/exps/two {head} {head}"])
    assert repository.refs("refs/exps/") == {}


def test_what_is_tracked_is_found_by_file_and_folder(repository: GitRepository) -> None:
    root = repository.root
    for name in (*STRANGE, "free/file"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    repository.add(STRANGE)
    assert repository.tracked([*STRANGE, "free", "free/file", "none", "deep/er", "deep"]) == {
        *STRANGE,
        "deep/er",
        "deep",
    }
    assert repository.is_tracked(str(root / "a"))
    assert repository.is_tracked(str(root))
    assert not repository.is_tracked(str(root / "free"))
    assert repository.tracked([]) == set()


def test_names_of_files_are_no_patterns(repository: GitRepository) -> None:
    assert not repository.is_tracked("*")
    assert not repository.is_ignored(":(top)a")


def test_what_is_ignored_is_found_and_tracked_files_are_not(repository: GitRepository) -> None:
    root = repository.root
    (root / ".gitignore").write_text("/data\n*.tmp\n/a\n\\:odd\n")
    asked = ["data", "data/x", "deep/x.tmp", "a", "free", ":odd", str(root / "y.tmp")]
    assert repository.ignored(asked) == {"data", "data/x", "deep/x.tmp", ":odd", str(root / "y.tmp")}
    assert repository.ignored([]) == set()
    with pytest.raises(GitFailed, match="outside"):
        repository.is_ignored("../other")


def test_staging_takes_changes_and_removals(repository: GitRepository, git: Git) -> None:
    root = repository.root
    assert not repository.dirty()
    (root / "a").unlink()
    (root / "b").touch()
    assert repository.dirty()
    assert repository.untracked() == [".dvc/config", "b"]
    assert not repository.staged()
    repository.add([str(root / "a"), "b"])
    assert repository.staged()
    assert git("status", "--porcelain", "--", "a", "b").splitlines() == ["D  a", "A  b"]


def test_staging_what_is_ignored_is_refused_by_git(repository: GitRepository) -> None:
    (repository.root / ".gitignore").write_text("*.tmp\n")
    (repository.root / "x.tmp").touch()
    with pytest.raises(GitFailed, match="ignored"):
        repository.add(["x.tmp"])
    repository.add(["x.tmp"], force=True)
    assert repository.is_tracked("x.tmp")


def test_commits_are_made_without_a_touch_to_the_working_tree(repository: GitRepository, git: Git) -> None:
    head, before = repository.head(), git("status", "--porcelain")
    blob = repository.store_blob(b"new\n")
    inner = repository.store_tree({"b\n": Entry(0o100755, blob)})
    tree = repository.store_tree(
        {"folder": Entry(0o040000, inner), "link": Entry(0o120000, repository.store_blob(b"a"))}
    )
    made = repository.store_commit(tree, [head], "Made\n\nof é", {"GIT_AUTHOR_DATE": "1700000000 +0000"})
    commit = repository.commit(made)
    assert (commit.tree, commit.parents, commit.message) == (tree, (head,), "Made\n\nof é")
    assert repository.reader.tree(made).read("folder/b\n") == b"new\n"
    assert repository.store_tree({}) == EMPTY_TREE
    assert (repository.head(), git("status", "--porcelain")) == (head, before)


def test_references_travel_between_repositories(
    repository: GitRepository, git: Git, environ: Mapping[str, str], tmp_path: Path
) -> None:
    git("init", "--quiet", "--bare", "--initial-branch=main", str(tmp_path / "other.git"))
    url, ref = str(tmp_path / "other.git"), "refs/exps/12/34/name"
    repository.set_ref(ref, "HEAD")
    assert repository.push(url, [f"{ref}:{ref}", "main"]) == {ref: "*", "refs/heads/main": "*"}
    assert repository.push(url, [ref]) == {ref: "="}
    assert repository.remote_refs(url, "refs/exps/*") == {ref: repository.head()}
    other = GitRepository(tmp_path / "other.git", environ)
    assert other.head() == repository.head()
    git("commit", "--quiet", "--amend", "-m", "Another first")
    repository.set_ref(ref, "HEAD")
    assert repository.push(url, [ref]) == {ref: "!"}
    assert repository.push(url, [ref], force=True) == {ref: "+"}
    repository.delete_refs([ref])
    repository.fetch(url, [f"{ref}:{ref}"])
    assert repository.get_ref(ref) == repository.head()
    assert repository.push(url, [f":{ref}"]) == {ref: "-"}
    other.close()
    with pytest.raises(GitFailed, match="git ls-remote"):
        repository.remote_refs(str(tmp_path / "none"))
    with pytest.raises(GitFailed, match="git fetch"):
        repository.fetch(str(tmp_path / "none"), ["main"])
    with pytest.raises(GitFailed, match="git push"):
        repository.push(str(tmp_path / "none"), ["main"])


def test_a_hooks_variables_lead_nowhere_else(repository: GitRepository, tmp_path: Path) -> None:
    led = GitRepository(
        repository.root, {**repository.environ, "GIT_DIR": str(tmp_path / "none"), "GIT_INDEX_FILE": "/none"}
    )
    assert led.head() == repository.head()
    assert led.is_tracked("a")
    assert led.git_dir == repository.root / ".git"
    assert led.path("hooks") == repository.root / ".git" / "hooks"
    led.close()


def test_what_git_said_is_told(repository: GitRepository) -> None:
    with pytest.raises(GitFailed, match=r"^git checkout none failed: error: pathspec 'none'"):
        repository.run("checkout", "none")


def test_without_git_it_is_said_to_be_missing(repository: GitRepository, tmp_path: Path) -> None:
    without = GitRepository(repository.root, {**repository.environ, "PATH": str(tmp_path)})
    for ask in (without.head, without.refs):
        with pytest.raises(NotSupported, match="not on the PATH"):
            ask()
    gone = GitRepository(tmp_path / "gone", repository.environ)
    with pytest.raises(GitFailed, match="does not exist"):
        gone.refs()


def test_a_repository_outside_of_git_says_so(repo: Repository) -> None:
    (repo.dvc_dir / "config").write_text("[core]\n    no_scm = true\n")
    assert repo.git is None
    with pytest.raises(NotSupported, match="git init"):
        repo.require_git()


def test_an_object_may_be_larger_than_a_pipe(repository: GitRepository) -> None:
    # A blob larger than a pipe holds.
    blob = repository.store_blob(os.urandom(1 << 20))
    assert len(repository.reader.blob(blob)) == 1 << 20
