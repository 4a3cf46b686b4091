from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from treering.core.errors import AlreadyExists
from treering.versioning.documents import read_yaml
from treering.versioning.git import GitRepository
from treering.versioning.hooks import HOOKS, install_hooks, install_merge_driver, install_pre_commit, wants_checkout

Git = Callable[..., str]


@pytest.fixture
def repository(root: Path, environ: Mapping[str, str]) -> GitRepository:
    return GitRepository(root, environ)


@pytest.fixture
def program(tmp_path: Path, environ: dict[str, str]) -> Path:
    """A program `treering` that writes down what it was called with, and the file in which it does."""
    folder, told = tmp_path / "bin", tmp_path / "told"
    folder.mkdir()
    told.touch()
    (folder / "treering").write_text(f'#!/bin/sh\necho "$*" >> "{told}"\n')
    (folder / "treering").chmod(0o755)
    environ["PATH"] = f"{folder}{os.pathsep}{environ['PATH']}"
    return told


def test_git_calls_the_hooks(repository: GitRepository, git: Git, program: Path, tmp_path: Path) -> None:
    assert install_hooks(repository) == list(HOOKS)
    git("commit", "--quiet", "--allow-empty", "-m", "x")
    git("checkout", "--quiet", "-b", "side")
    git("init", "--quiet", "--bare", str(tmp_path / "other.git"))
    git("push", "--quiet", str(tmp_path / "other.git"), "side")
    head = git("rev-parse", "HEAD")
    assert program.read_text().splitlines() == [
        "dvc git-hook pre-commit",
        f"dvc git-hook post-checkout {head} {head} 1",
        f"dvc git-hook pre-push {tmp_path / 'other.git'} {tmp_path / 'other.git'}",
    ]


def test_installing_again_changes_nothing(repository: GitRepository) -> None:
    install_hooks(repository)
    assert install_hooks(repository) == []


def test_another_hook_is_left_alone(repository: GitRepository) -> None:
    hook = repository.root / ".git" / "hooks" / "pre-push"
    hook.write_text("#!/bin/sh\nmine\n")
    with pytest.raises(AlreadyExists, match=r"pre-push exists\. Call `treering dvc git-hook pre-push`"):
        install_hooks(repository)
    assert hook.read_text() == "#!/bin/sh\nmine\n"
    assert not (hook.parent / "pre-commit").exists()


def test_hooks_go_where_git_looks_for_them(repository: GitRepository, git: Git) -> None:
    git("config", "core.hooksPath", "tools/hooks")
    install_hooks(repository)
    assert os.access(repository.root / "tools" / "hooks" / "pre-commit", os.X_OK)


def test_git_merges_pointers_by_the_driver(repository: GitRepository, git: Git, program: Path) -> None:
    attributes = repository.root / ".git" / "info" / "attributes"
    attributes.parent.mkdir(exist_ok=True)
    attributes.write_text("*.png binary")
    install_merge_driver(repository)
    install_merge_driver(repository)
    assert attributes.read_text() == "*.png binary\n*.dvc merge=dvc\ndvc.lock merge=dvc\n"
    pointer = repository.root / "data.dvc"
    for branch, text in (("main", "base\n"), ("side", "side\n"), ("main", "main\n")):
        git("checkout", "--quiet", "-B", branch) if text != "main\n" else git("checkout", "--quiet", branch)
        pointer.write_text(text)
        git("add", "data.dvc")
        git("commit", "--quiet", "-m", text)
    git("merge", "--quiet", "-m", "merged", "side")
    (called,) = program.read_text().splitlines()
    words = called.split()
    assert words[:4] == ["dvc", "git-hook", "merge-driver", "--ancestor"]
    assert words[5::2] == ["--our", "--their"]


def test_the_tool_pre_commit_gets_the_hooks_once(repository: GitRepository) -> None:
    file = repository.root / ".pre-commit-config.yaml"
    file.write_text("# ours\nrepos:\n- repo: https://example.com/x  # keep\n  rev: v1\n  hooks: []\n")
    assert install_pre_commit(repository)
    assert not install_pre_commit(repository)
    assert file.read_text().startswith(
        "# ours\nrepos:\n- repo: https://example.com/x  # keep\n  rev: v1\n  hooks: []\n"
    )
    ours = read_yaml(file)["repos"][1]
    assert [hook["entry"] for hook in ours["hooks"]] == [f"treering dvc git-hook {name}" for name in HOOKS]
    file.unlink()
    assert install_pre_commit(repository)


@pytest.mark.parametrize(
    ("arguments", "variables", "wanted"),
    [
        (["old", "new", "1"], {}, True),
        (["old", "new", "0"], {}, False),
        ([], {}, False),
        ([], {"PRE_COMMIT_CHECKOUT_TYPE": "1"}, True),
        (["old", "new", "1"], {"PRE_COMMIT_CHECKOUT_TYPE": "0"}, False),
    ],
)
def test_data_is_checked_out_with_a_branch_and_not_with_a_file(
    repository: GitRepository, arguments: list[str], variables: dict[str, str], wanted: bool
) -> None:
    assert wants_checkout(repository, arguments, variables) is wanted


def test_amid_a_rebase_nothing_is_checked_out(repository: GitRepository) -> None:
    (repository.root / ".git" / "rebase-merge").mkdir()
    assert not wants_checkout(repository, ["old", "new", "1"], {})
