"""Makes commits of what experiments begin with: the working tree as it is, with other parameters. It is not touched."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

from treering.core.errors import AlreadyExists, NotSupported
from treering.experiments.asked import Asked
from treering.experiments.found import head_of
from treering.experiments.names import new_name
from treering.experiments.parameters.assigning import overridden
from treering.experiments.parameters.overrides import Override, expand, parse_overrides
from treering.experiments.refs import ExperimentRef, StashMessage, check_name
from treering.experiments.snapshot import commit_tree, snapshot
from treering.experiments.stage_data import changed_pointers
from treering.experiments.stash import Variant, commit_variants
from treering.pipelines.stages import load_stages
from treering.versioning.git import GitRepository
from treering.versioning.repository import Repository

__all__ = ["Prepared", "chosen_name", "chosen_overrides", "git_path", "parameter_files", "prepare"]


class Prepared(NamedTuple):
    """What an experiment begins with.

    Attributes:
        commit: A stash of it; its tree is what the experiment begins with.
        params: The parameters that were set, as the user would write them.
    """

    commit: str
    message: StashMessage
    params: tuple[str, ...]


def prepare(repo: Repository, asked: Asked, taken: Collection[str] = ()) -> list[Prepared]:
    """A commit for each experiment that is asked for: one, or with several values of parameters so many.

    Args:
        repo: The repository, locked.
        asked: What is asked for.
        taken: Names that are promised to experiments which have no reference yet.

    Raises:
        InvalidInput: If a parameter cannot be set, or the name cannot be one.
        AlreadyExists: If the name is taken, and nothing is forced.
    """
    git = repo.require_git()
    head = head_of(git)
    chosen = chosen_overrides(repo, asked)
    names = _names(git, head, asked, len(chosen), taken)
    common = {git_path(git, path): text for path, text in changed_pointers(repo, load_stages(repo)).items()}
    with snapshot(git, repo.our_tmp, update=False) as index:
        parent = commit_tree(git, index.tree(), [head], f"index on {git.branch() or '(no branch)'}: {head[:7]}")
    with snapshot(git, repo.our_tmp) as now:
        for path, text in common.items():
            now.put(path, text)
        tree = now.tree()
    messages = [StashMessage(head, head, name) for name in names]
    variants = [
        Variant(message, {git_path(git, path): text for path, text in parameter_files(repo, asked, one).items()})
        for message, one in zip(messages, chosen, strict=True)
    ]
    commits = commit_variants(git, tree, parent, variants)
    shown = [tuple(f"{one.file}:{one.text}" for one in overrides) for overrides in chosen]
    return [Prepared(*one) for one in zip(commits, messages, shown, strict=True)]


def chosen_overrides(repo: Repository, asked: Asked) -> list[list[Override]]:
    """What is to be set, for each experiment that is asked for.

    Raises:
        InvalidInput: If it cannot be understood.
        NotSupported: If the config has Hydra compose the parameters.
    """
    if repo.config.get("hydra", "enabled") and not asked.no_hydra:
        msg = (
            "hydra.enabled is set, and Treering does not compose parameters with Hydra. Run it with --no-hydra to use"
            " params.yaml as it is, or take the option out of the config."
        )
        raise NotSupported(msg)
    return list(expand(parse_overrides(asked.params)))


def parameter_files(repo: Repository, asked: Asked, overrides: Sequence[Override]) -> dict[str, bytes]:
    """The files of parameters as they have to be, by absolute path. They are named from where the user stands.

    Raises:
        InvalidInput: If one does not hold what is to be set.
    """
    files: dict[str, bytes] = {}
    for name in dict.fromkeys(override.file for override in overrides):
        path = os.path.normpath(os.path.join(asked.folder or repo.root, name))  # noqa: PTH118 - `..` goes up here
        try:
            text = Path(path).read_bytes()
        except FileNotFoundError:
            text = None
        files[path] = overridden(text, [override for override in overrides if override.file == name], name)
    return files


def chosen_name(git: GitRepository, baseline: str, name: str, *, force: bool, taken: Collection[str] = ()) -> str:
    """The name of an experiment: `name` if it is free or may be overwritten; without one, a new one is made up.

    Raises:
        InvalidInput: If it cannot be a name.
        AlreadyExists: If it is taken.
    """
    prefix = ExperimentRef(baseline, "").path
    used = {path.removeprefix(prefix) for path in git.refs(prefix)} | set(taken)
    if not name:
        return new_name(used)
    if check_name(name) in used and not force:
        msg = (
            f"Experiment conflicts with existing experiment '{name}'. To overwrite the existing experiment run it again"
            " with -f, or give it another name with -n."
        )
        raise AlreadyExists(msg)
    return name


def _names(git: GitRepository, head: str, asked: Asked, count: int, taken: Collection[str]) -> list[str]:
    wanted = [asked.name] if count == 1 else [f"{asked.name}-{at + 1}" if asked.name else "" for at in range(count)]
    names: list[str] = []
    for name in wanted:
        names.append(chosen_name(git, head, name, force=asked.repro.force, taken={*taken, *names}))
    return names


def git_path(git: GitRepository, path: str | os.PathLike[str]) -> str:
    """A path relative to Git's root, with slashes."""
    relative = os.path.relpath(path, git.root)
    return relative if os.sep == "/" else relative.replace(os.sep, "/")
