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
from typing import IO, TYPE_CHECKING, Any

from treering.core.plugins import Registry

if TYPE_CHECKING:  # loaded with the first call
    from treering.client.profiling import DataProfile
    from treering.client.splitting import DataSplit

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
    "profile",
    "read",
    "split",
]

_READER = "treering.client.tracked_data"
_TRIALS = "treering.client.trials"
_PROFILING = "treering.client.profiling"
_SPLITTING = "treering.client.splitting"

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


def profile(
    data: Any,
    target: str | None = None,
    name: str | None = None,
    against: DataProfile | str | Path | None = None,
    log: bool = False,  # noqa: FBT001, FBT002  # as `log_model` has it
) -> DataProfile:
    """Look at a table: types, gaps, distributions, what goes together, outliers, and hints of leaks.

    A file is read piece by piece, so it may be larger than memory.

    Args:
        data: A path (`.csv`, `.tsv`, `.parquet`), a data frame, a dictionary of columns or a matrix.
        target: The column that is to be predicted; then it is told what hangs together with it.
        name: What the table is called; the file's name otherwise.
        against: Another profile, or the path of one, by whose bins and values the columns are counted: the two can
            be compared then, and added.
        log: Whether to put it into the active run as `profiles/<name>.json` and `.html`; a run is begun if there is none.

    Raises:
        InvalidInput: If there is no such column, there are no rows, or it is no table.
        NotFound: If there is no such file.
        MissingExtra: If reading Parquet needs a package that is not installed.
    """
    made: DataProfile = import_module(_PROFILING).profile(data, target, name, against, log)
    return made


def split(  # noqa: PLR0913 - each is a way to split, and they are named
    data: Any,
    fractions: float | Sequence[float] | Mapping[str, float] = (0.8, 0.2),
    *,
    stratify: str | None = None,
    group: str | None = None,
    time: str | None = None,
    key: str | None = None,
    seed: int = 0,
    out: str | PathLike[str] | None = None,
    name: str | None = None,
    log: bool | None = None,
) -> DataSplit:
    """Divide a table into parts, the same ones on every machine for the same rows and seed.

    Args:
        data: A path (`.csv`, `.tsv`, `.parquet`), a data frame, a dictionary of columns or a matrix.
        fractions: Of train and test, of train, validation and test, or by name; one number is the share of test.
        stratify: A column of whose values each part gets the same shares.
        group: A column whose equal values stay in one part, such as the patient; goes with `stratify`.
        time: A column in whose order the parts follow each other.
        key: A column by whose hash each row finds its part, which it keeps when rows are added or removed.
        out: Of a path: the folder into which the parts are written, with a record; the path's own unless given.
        name: What the data is called in the run; the file's name otherwise.
        log: Whether to record the parts as inputs of the active run, and the split as its tag and artifact. Unless
            given, if there is an active run.

    Returns:
        The parts, by name or in order: tables of the kind that was given, or the paths of the files.

    Raises:
        InvalidInput: If a column is not there, a part would be empty, or the ways exclude each other.
        NotFound: If there is no such file.
    """
    ways = {"stratify": stratify, "group": group, "time": time, "key": key}
    made: DataSplit = import_module(_SPLITTING).split(data, fractions, ways, seed, out=out, name=name, log=log)
    return made


def _place(
    path: str | PathLike[str],
    repo: str | PathLike[str] | None = None,
    rev: str | None = None,
    remote: str | None = None,
    configs: tuple[Config, Mapping[str, Any] | None] = (None, None),
) -> DataPlace:
    return DataPlace(str(path), None if repo is None else str(repo), rev, remote, *configs)
