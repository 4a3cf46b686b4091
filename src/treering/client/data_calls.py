"""`treering.data`: reading data of a repository, at any revision, wherever it is. The names are those of `dvc.api`.

A path is relative to the root of the repository; where none is named, to the current
folder. What reads repositories is loaded with the first call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from os import PathLike
from pathlib import Path
from typing import IO, Any

from treering.core.plugins import Registry

__all__ = [
    "FILESYSTEMS",
    "DataPlace",
    "all_branches",
    "all_commits",
    "all_tags",
    "artifacts_show",
    "exp_save",
    "exp_show",
    "filesystem",
    "get",
    "get_url",
    "ls",
    "open",
    "read",
]

_READER = "treering.client.tracked_data"
_TRIALS = "treering.client.trials"

FILESYSTEMS: Registry[Any] = Registry(
    "treering.filesystems",
    "file system",
    {"fsspec": "treering.client.filesystem:DataFileSystem"},
    extras={"fsspec": "fs"},
)

Config = str | Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class DataPlace:
    """A path in a repository, as a caller names it.

    Attributes:
        repo: Path or URL; None for the repository around the current folder.
        rev: A commit, branch, tag or experiment; None for the working tree, or the newest commit of what is elsewhere.
        remote: The remote to read from, if not the default one.
        config: Path of a config file, or options, that go before those of the repository.
        remote_config: Options of the remote.
    """

    path: str
    repo: str | None = None
    rev: str | None = None
    remote: str | None = None
    config: Config = None
    remote_config: Mapping[str, Any] | None = None


def open(  # noqa: A001, PLR0913, PLR0917  # DVC's signature
    path: str | PathLike[str],
    repo: str | PathLike[str] | None = None,
    rev: str | None = None,
    remote: str | None = None,
    mode: str = "r",
    encoding: str | None = None,
    config: Config = None,
    remote_config: Mapping[str, Any] | None = None,
) -> IO[Any]:
    """Open a tracked file, or one of Git; nothing is downloaded but what is read.

    Bytes from a remote are compared with their MD5 when the file is read from its beginning to its end.

    Args:
        repo: Path or URL of the repository; as all others as in `DataPlace`.
        mode: `r` or `rb`.
        encoding: UTF-8 unless given.

    Returns:
        A file, to be closed or used in a `with`. It can be read from any place.

    Raises:
        NotFound: If there is no such repository, revision or file, or its content is nowhere.
        IsADirectoryError: If it is a folder.
        InvalidInput: If the mode is another one.
        DamagedData: While reading: if the remote gives other bytes than it should.
    """
    place = _place(path, repo, rev, remote, (config, remote_config))
    opened: IO[Any] = import_module(_READER).open_file(place, mode, encoding)
    return opened


def read(  # noqa: PLR0913, PLR0917  # DVC's signature
    path: str | PathLike[str],
    repo: str | PathLike[str] | None = None,
    rev: str | None = None,
    remote: str | None = None,
    mode: str = "r",
    encoding: str | None = None,
    config: Config = None,
    remote_config: Mapping[str, Any] | None = None,
) -> Any:
    """The whole content of a file: text, or bytes with the mode `rb`. Everything else as `open`."""
    with open(path, repo, rev, remote, mode, encoding, config, remote_config) as file:
        return file.read()


def get_url(  # DVC's signature
    path: str | PathLike[str],
    repo: str | PathLike[str] | None = None,
    rev: str | None = None,
    remote: str | None = None,
    config: Config = None,
    remote_config: Mapping[str, Any] | None = None,
) -> str:
    """Where a remote keeps a tracked file, or the list of files of a folder; that it is there is not looked at.

    Raises:
        NotFound: If the path is not tracked, or there is no remote.
    """
    url: str = import_module(_READER).url(_place(path, repo, rev, remote, (config, remote_config)))
    return url


def ls(
    path: str | PathLike[str] = "",
    repo: str | PathLike[str] | None = None,
    rev: str | None = None,
    *,
    recursive: bool = False,
    dvc_only: bool = False,
) -> list[dict[str, Any]]:
    """What lies in a folder, in Git and tracked: `path`, `isout`, `isdir`, `isexec`, `size` and `md5` of each.

    Sizes are in bytes, and None where neither pointer nor cache tells one; so is the MD5 of what is not tracked.

    Args:
        recursive: Files at any depth, and no folders.
        dvc_only: Only what is tracked, and folders that lead there.

    Raises:
        NotFound: As `open`.
    """
    rows: list[dict[str, Any]] = import_module(_READER).listing(_place(path, repo, rev), recursive, dvc_only)
    return rows


def get(
    path: str | PathLike[str],
    out: str | PathLike[str] | None = None,
    repo: str | PathLike[str] | None = None,
    rev: str | None = None,
    *,
    force: bool = False,
    only: Sequence[str] = (),
) -> Path:
    """Copy a file or folder out of a repository; it is not tracked where it comes to.

    Args:
        out: Where to; a folder that exists takes it in. The current folder unless given.
        force: Whether what stands there is replaced.
        only: Only files of a folder whose path in it matches one of these patterns.

    Returns:
        Where it is now.

    Raises:
        AlreadyExists: If something stands there.
        NotFound: As `open`; so DamagedData.
    """
    got: Path = import_module(_READER).copy_out(_place(path, repo, rev), out, force, tuple(only))
    return got


def filesystem(
    repo: str | PathLike[str] | None = None,
    rev: str | None = None,
    *,
    remote: str | None = None,
    config: Config = None,
    remote_config: Mapping[str, Any] | None = None,
) -> Any:
    """A read-only file system for fsspec, and so for pandas, Dask, PyArrow and others, with everything in a repository.

    Its root is that of the repository; arguments are as in `DataPlace`. `fsspec.filesystem("treering", repo=..., rev=...)` gives the same.

    Raises:
        MissingExtra: If fsspec is not installed.
        NotFound: At the first use: if there is no such repository or revision.
    """
    where = None if repo is None else str(repo)
    return FILESYSTEMS.load("fsspec")(where, rev, remote=remote, config=config, remote_config=remote_config)


def artifacts_show(
    name: str, version: str | None = None, stage: str | None = None, repo: str | PathLike[str] | None = None
) -> dict[str, str]:
    """The commit (`rev`) and path of an artifact that dvc.yaml names: of its greatest version unless others are asked for.

    Args:
        name: As in dvc.yaml; with the folder of another dvc.yaml before it, as in `models/dvc.yaml:detector`.
        version: Such as `1.2.0`, of the tags `name@v1.2.0` that GTO makes.
        stage: The version that is in this stage, by the tags `name#stage#1`.

    Raises:
        NotFound: If there is no such artifact, version or stage.
    """
    found: dict[str, str] = import_module(_READER).artifact(_place("", repo), name, version or "", stage or "")
    return found


def exp_show(
    repo: str | PathLike[str] | None = None,
    revs: str | Sequence[str] | None = None,
    num: int = 1,
    *,
    param_deps: bool = False,
    force: bool = False,
) -> list[dict[str, Any]]:
    """The table of experiments: a dictionary for each row, the working tree and the commits that they began from among them.

    Keys are `Experiment`, `rev`, `typ` (`baseline`, `branch_commit`, `branch_base`), `Created` (ISO 8601), `parent`, `State`,
    `Executor`, then metrics, parameters and dependencies by their names, with their file before them where two have one.
    Numbers are floats; None stands for what is not known.

    Args:
        repo: A folder of this machine; the repository around the current one unless given.
        revs: Commits that experiments began from; the one that is checked out unless given.
        num: How many commits of each, going back; less than 0: all.
        param_deps: Only parameters that stages depend on.
        force: Read everything anew.

    Raises:
        NotFound: If there is no such repository or commit.
    """
    names = [revs] if isinstance(revs, str) else list(revs or ())
    rows: list[dict[str, Any]] = import_module(_TRIALS).rows(
        None if repo is None else str(repo), names, num, param_deps=param_deps, force=force
    )
    return rows


def exp_save(name: str | None = None, force: bool = False, include_untracked: Sequence[str] | None = None) -> str:  # noqa: FBT001, FBT002  # DVC's signature
    """Keep the working tree as an experiment of the repository around the current folder; its commit.

    Args:
        name: Made up unless given.
        force: Whether it may take the place of one of that name.
        include_untracked: Paths that belong to it though Git does not track them.

    Raises:
        AlreadyExists: If there is one of that name.
        NotFound: If there is no repository, or an output or path is not there.
    """
    rev: str = import_module(_TRIALS).save(name or "", list(include_untracked or ()), force=force)
    return rev


def all_branches(repo: str | PathLike[str] | None = None) -> list[str]:
    """The branches of a repository."""
    names: list[str] = import_module(_READER).names_in_git(_place("", repo), "branches")
    return names


def all_tags(repo: str | PathLike[str] | None = None) -> list[str]:
    """The tags of a repository."""
    names: list[str] = import_module(_READER).names_in_git(_place("", repo), "tags")
    return names


def all_commits(repo: str | PathLike[str] | None = None) -> list[str]:
    """The commits of a repository, the newest first."""
    names: list[str] = import_module(_READER).names_in_git(_place("", repo), "all_commits")
    return names


def _place(
    path: str | PathLike[str],
    repo: str | PathLike[str] | None = None,
    rev: str | None = None,
    remote: str | None = None,
    configs: tuple[Config, Mapping[str, Any] | None] = (None, None),
) -> DataPlace:
    return DataPlace(str(path), None if repo is None else str(repo), rev, remote, *configs)
