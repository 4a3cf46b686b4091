from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from projects import Project
from treering.core.errors import NotFound
from treering.experiments.refs import QUEUE_STASH, StashMessage
from treering.experiments.snapshot import commit_tree, snapshot
from treering.experiments.stash import Variant, commit_variants, drop_stashes, push_stash, stashed
from treering.versioning.git import GitRepository


def files(project: Project, tree: str) -> dict[str, str]:
    listed = project.git("ls-tree", "-r", "--name-only", tree).splitlines()
    return {path: project.git("show", f"{tree}:{path}") for path in listed if not path.startswith(".")}


def test_the_working_tree_is_taken_as_it_is_and_not_touched(project: Project) -> None:
    project.write("kept", "1")
    project.write("changed", "1")
    project.write("gone", "1")
    project.write(".gitignore", "ignored\n")
    project.commit()
    project.write("changed", "2")
    (project.root / "gone").unlink()
    project.write("staged", "3")
    project.git("add", "staged")
    project.write("untracked", "4")
    project.write("asked", "5")
    project.write("ignored", "6")
    before = project.git("status", "--porcelain", "--ignored"), project.git("ls-files", "--stage")
    git = project.repo.require_git()
    with snapshot(git, project.repo.our_tmp) as now:
        now.add(["asked", "not there", "ignored"])
        first = now.tree()
        now.put("kept", b"other")
        now.add(["ignored"], force=True)
        second = now.tree()
        assert now.untracked() == ["untracked"]
    assert files(project, first) == {"kept": "1", "changed": "2", "staged": "3", "asked": "5"}
    assert files(project, second) == {"kept": "other", "changed": "2", "staged": "3", "asked": "5", "ignored": "6"}
    assert (project.git("status", "--porcelain", "--ignored"), project.git("ls-files", "--stage")) == before
    assert not list(project.repo.our_tmp.glob("index-*"))


def test_what_is_asked_for_by_force_has_to_be_there(project: Project) -> None:
    with (
        snapshot(project.repo.require_git(), project.repo.our_tmp) as now,
        pytest.raises(NotFound, match="no 'a', so"),
    ):
        now.add(["a", "README"][:1], force=True)


def test_whoever_has_no_name_can_commit_all_the_same(project: Project) -> None:
    environ = {name: value for name, value in project.environ.items() if not name.endswith(("_NAME", "_EMAIL"))}
    git = GitRepository(
        project.root,
        environ
        | {
            "EMAIL": "",
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "user.useConfigOnly",
            "GIT_CONFIG_VALUE_0": "true",
        },
    )
    head = git.head()
    made = commit_tree(git, f"{head}^{{tree}}", [head], "mine")
    assert project.git("log", "-1", "--format=%an %s", made) == "treering mine"
    (queued,) = commit_variants(
        git, project.git("rev-parse", "HEAD^{tree}"), head, [Variant(StashMessage(head, head, "x"), {})]
    )
    assert project.git("log", "-1", "--format=%cn", queued) == "treering"


def test_variants_are_stashes_with_other_files(project: Project) -> None:
    project.write("params.yaml", "a: 1\n")
    project.write('odd "name"/é b.yaml', "a: 1\n")
    project.write("run", "x")
    (project.root / "run").chmod(0o755)
    head = project.commit()
    git = project.repo.require_git()
    tree = project.git("rev-parse", "HEAD^{tree}")
    wanted = [{"params.yaml": b"a: 2\n", 'odd "name"/é b.yaml': b"a: 3"}, {"run": b"y"}, {"new/file": b""}]
    variants = [Variant(StashMessage(head, head, f"exp-{at}"), one) for at, one in enumerate(wanted)]
    commits = commit_variants(git, tree, head, variants)
    for commit, variant in zip(commits, variants, strict=True):
        assert project.git("log", "-1", "--format=%P%n%s", commit).splitlines() == [
            f"{head} {head}",
            variant.message.text,
        ]
        for path, content in variant.files.items():
            assert project.git("show", f"{commit}:{path}") == content.decode().strip()
    assert project.git("diff", "--raw", head, commits[1]).startswith(":100755 100755")
    assert project.git("for-each-ref", "refs/exps") == ""


def test_a_stash_is_that_of_dvc(project: Project) -> None:
    git = project.repo.require_git()
    head = git.head()
    variants = [Variant(StashMessage(head, head, f"exp-{at}"), {"f": b"%d" % at}) for at in range(4)]
    commits = commit_variants(git, project.git("rev-parse", "HEAD^{tree}"), head, variants)
    for commit, variant in zip(commits, variants, strict=True):
        push_stash(git, QUEUE_STASH, commit, variant.message)
    expected = [(commit, f"commit: {one.message.text}") for commit, one in zip(commits, variants, strict=True)]
    assert stashed(git, QUEUE_STASH) == expected[::-1]
    drop_stashes(git, QUEUE_STASH, {commits[1], commits[3], "f" * 40})
    assert stashed(git, QUEUE_STASH) == [expected[2], expected[0]]
    assert git.get_ref(QUEUE_STASH) == commits[2]
    drop_stashes(git, QUEUE_STASH, commits)
    assert stashed(git, QUEUE_STASH) == []
    assert git.get_ref(QUEUE_STASH) == ""


def test_several_at_a_time_take_their_own_out_of_a_stash(project: Project) -> None:
    git = project.repo.require_git()
    head = git.head()
    variants = [Variant(StashMessage(head, head, f"exp-{at}"), {"f": b"%d" % at}) for at in range(9)]
    commits = commit_variants(git, project.git("rev-parse", "HEAD^{tree}"), head, variants)
    for commit, variant in zip(commits, variants, strict=True):
        push_stash(git, QUEUE_STASH, commit, variant.message)
    with ThreadPoolExecutor(4) as workers:
        taken = [workers.submit(drop_stashes, git, QUEUE_STASH, {commit}) for commit in commits[:8]]
        for one in taken:
            one.result()
    assert [commit for commit, _ in stashed(git, QUEUE_STASH)] == commits[8:]
