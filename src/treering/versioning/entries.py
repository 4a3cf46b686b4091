"""Entries of `outs` and `deps`, as pointers and lock files have them: values, their closed schema, and back.

A key that DVC does not know is refused, as DVC refuses it. `meta` is where others may
put what they like; it is kept as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from treering.storage.content.oid import Oid

__all__ = [
    "Dependency",
    "EntryMistake",
    "Output",
    "RepoSource",
    "VersionedFile",
    "dependency_entry",
    "output_entry",
    "read_dependency",
    "read_output",
]

_HASH = "md5"
_DIGITS = 32
# Dependencies with one of these have no digest, and so no name of it.
_UNHASHED = frozenset(("repo", "db", "params"))
_DIGEST = re.compile(r"[0-9a-f]{32}(?:\.dir)?")


class EntryMistake(Exception):  # becomes InvalidInput where the file is known
    """An entry that does not say what it should.

    Attributes:
        keys: The way from the entry to what is wrong.
        why: What is wrong and what to do, to be read behind the place.
    """

    def __init__(self, keys: Sequence[str | int], why: str) -> None:
        super().__init__(why)
        self.keys = tuple(keys)
        self.why = why


@dataclass(frozen=True, slots=True)
class VersionedFile:
    """A file of a directory that a bucket keeps versions of.

    Attributes:
        relpath: Below the directory, with `/`.
        cloud: By the remote's name what it calls this version: `version_id`, `etag`.
    """

    relpath: str
    oid: Oid | None = None
    size: int | None = None
    version_id: str = ""
    etag: str = ""
    checksum: str = ""
    isexec: bool = False
    cloud: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RepoSource:
    """The repository that an import came from.

    Attributes:
        url: As written: a URL, or a path, which may be relative to the root of the importing repository.
        rev: What to follow: a branch, tag or commit; "" for the default branch.
        rev_lock: The commit that was taken.
        config: Path of a config file to use with it, or its settings.
        remote: Name of a remote of it to use, or its settings.
    """

    url: str
    rev: str = ""
    rev_lock: str = ""
    config: str | Mapping[str, Any] | None = None
    remote: str | Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Output:
    """An entry of `outs`.

    Attributes:
        path: As written: with `/`, relative to the stage's working directory, or absolute, or a URL.
        oid: What the content is; None while nothing is known of it, or not by MD5.
        hash: `md5`, or "" in what DVC 2 wrote, whose digests are of texts with their line ends changed.
        etag: What the source's file system calls the content, where it has no MD5; so `checksum`.
        size: Bytes of all files.
        nfiles: How many, for a directory.
        cache: Whether the content is kept in the cache.
        persist: Whether it stays when its stage runs.
        remote: The only remote that it goes to.
        push: Whether it goes to any.
        files: For a directory in a bucket that keeps versions: its files.
        cloud: As `VersionedFile.cloud`, for a single file.
    """

    path: str
    oid: Oid | None = None
    hash: str = _HASH
    etag: str = ""
    checksum: str = ""
    version_id: str = ""
    size: int | None = None
    nfiles: int | None = None
    isexec: bool = False
    cache: bool = True
    metric: bool | Mapping[str, Any] = False
    plot: bool | Mapping[str, Any] | Sequence[Any] = False
    persist: bool = False
    remote: str = ""
    push: bool = True
    desc: str = ""
    type: str = ""
    labels: tuple[str, ...] = ()
    meta: Any = None
    files: tuple[VersionedFile, ...] | None = None
    cloud: Mapping[str, Any] = field(default_factory=dict)
    fs_config: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_local(self) -> bool:
        """Whether it lies on a disk, and not at a URL."""
        return "://" not in self.path


@dataclass(frozen=True, slots=True)
class Dependency:
    """An entry of `deps`; attributes as those of `Output`.

    Attributes:
        repo: For an import: the repository, in which `path` lies.
        db: For an import from a database: what was asked of it.
        params: In single-stage files of DVC 0 and 1: values of parameters.
    """

    path: str
    oid: Oid | None = None
    hash: str = _HASH
    etag: str = ""
    checksum: str = ""
    version_id: str = ""
    size: int | None = None
    nfiles: int | None = None
    isexec: bool = False
    repo: RepoSource | None = None
    db: Mapping[str, Any] | None = None
    params: Any = None
    files: tuple[VersionedFile, ...] | None = None
    cloud: Mapping[str, Any] = field(default_factory=dict)
    fs_config: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_local(self) -> bool:
        """Whether it lies on a disk, and not at a URL or in another repository."""
        return "://" not in self.path and self.repo is None and self.db is None


def read_output(entry: Any) -> Output:
    """The value of an entry of `outs`. Raises EntryMistake."""
    return Output(**_hashed(_checked(entry, _OUTPUT, "path")))


def read_dependency(entry: Any) -> Dependency:
    """The value of an entry of `deps`. Raises EntryMistake."""
    if isinstance(entry, dict) and "db" in entry:
        entry = {"path": "", **entry}
    return Dependency(**_hashed(_checked(entry, _DEPENDENCY, "path")))


def output_entry(out: Output) -> dict[str, Any]:
    """The entry in the order in which DVC writes a new one; what says nothing is left out."""
    entry = _content(out)
    if _is_hashed(out):
        entry["hash"] = _HASH
    entry["path"] = out.path
    _add(entry, {"fs_config": dict(out.fs_config), "desc": out.desc, "type": out.type, "labels": list(out.labels)})
    if out.meta is not None:
        entry["meta"] = out.meta
    if not out.cache:
        entry["cache"] = False
    _add(entry, {"metric": out.metric, "plot": out.plot, "persist": out.persist, "remote": out.remote})
    if not out.push:
        entry["push"] = False
    _add_versions(entry, out)
    return entry


def dependency_entry(dep: Dependency) -> dict[str, Any]:
    """As `output_entry`, for an entry of `deps`."""
    entry = _content(dep)
    if _is_hashed(dep) and dep.repo is None and dep.db is None and dep.params is None:
        entry["hash"] = _HASH
    if dep.path or dep.db is None:
        entry["path"] = dep.path
    _add(entry, {"fs_config": dict(dep.fs_config)})
    if dep.params is not None:
        entry["params"] = dep.params
    if dep.repo is not None:
        entry["repo"] = {"url": dep.repo.url}
        _add(entry["repo"], {"rev": dep.repo.rev, "rev_lock": dep.repo.rev_lock})
        _add(entry["repo"], {"config": dep.repo.config, "remote": dep.repo.remote})
    _add(entry, {"db": dep.db})
    _add_versions(entry, dep)
    return entry


def _content(entry: Output | Dependency | VersionedFile) -> dict[str, Any]:
    """What tells one content from another, and its size."""
    found: dict[str, Any] = {}
    _add(found, {_HASH: None if entry.oid is None else entry.oid.value})
    if entry.oid is None:
        _add(found, {"etag": entry.etag, "checksum": entry.checksum})
    if entry.size is not None:
        found["size"] = entry.size
    if not isinstance(entry, VersionedFile) and entry.nfiles is not None:
        found["nfiles"] = entry.nfiles
    _add(found, {"isexec": entry.isexec, "version_id": entry.version_id})
    if entry.oid is not None:
        _add(found, {"etag": entry.etag, "checksum": entry.checksum})
    return found


def _is_hashed(entry: Output | Dependency) -> bool:
    return entry.hash == _HASH if entry.oid is None else not entry.oid.legacy


def _add(entry: dict[str, Any], more: Mapping[str, Any]) -> None:
    entry.update({key: value for key, value in more.items() if value})


def _add_versions(entry: dict[str, Any], of: Output | Dependency) -> None:
    if of.files is not None:
        entry["files"] = [_file_entry(file) for file in of.files]
    _add(entry, {"cloud": dict(of.cloud)})


def _file_entry(file: VersionedFile) -> dict[str, Any]:
    entry = {"relpath": file.relpath} | _content(file)
    _add(entry, {"cloud": dict(file.cloud)})
    return entry


# Reading. A check takes a value and gives what is kept of it; None means that the key says nothing.


def _checked(entry: Any, checks: Mapping[str, Callable[[Any], Any]], needed: str) -> dict[str, Any]:
    if not isinstance(entry, dict):
        raise EntryMistake([], f"should be a mapping with the key {needed!r}, but is {_said(entry)}.")
    found: dict[str, Any] = {}
    for key, value in entry.items():
        check = checks.get(key)
        if check is None:
            known = ", ".join(sorted(checks))
            why = f"is not a key that is known here. Remove it, or put it below `meta`. Known keys: {known}."
            raise EntryMistake([key], why)
        try:
            checked = check(value)
        except EntryMistake as mistake:
            raise EntryMistake((key, *mistake.keys), mistake.why) from None
        if checked is not None:
            found[key] = checked
    if needed not in found:
        raise EntryMistake([], f"has no {needed!r}. Add it, or remove the entry.")
    return found


def _hashed(found: dict[str, Any]) -> dict[str, Any]:
    """Make an Oid of the digest, which means another thing where `hash` is not given."""
    value = found.pop(_HASH, None)
    if not found.keys() & _UNHASHED:
        found.setdefault("hash", "")
    if value is not None:
        found["oid"] = Oid(value, found["hash"] == "")
    return found


def _digest(value: Any) -> str | None:
    if type(value) is int:
        # A digest of decimal digits alone, written without quotes.
        value = f"{value:0{_DIGITS}d}"
    if value is None or value == "":
        return None
    lowered = value.lower() if isinstance(value, str) else ""
    # Anything else might lead out of the cache.
    if not _DIGEST.fullmatch(lowered):
        why = f"should be an MD5: {_DIGITS} hexadecimal digits, for a folder with `.dir` behind; it is {_said(value)}."
        if type(value) is float:
            why += " Put it in quotes: without them its letter e makes a number of it."
        raise EntryMistake([], why)
    return lowered


def _tag(value: Any) -> str | None:
    return str(value) if type(value) is int else _text(value)


def _text(value: Any) -> str | None:
    if value is not None and not isinstance(value, str):
        raise EntryMistake([], f"should be a text, but is {_said(value)}. Put it in quotes if it is one.")
    return value


def _path(value: Any) -> str:
    if not isinstance(value, str) or not value or "\0" in value:
        raise EntryMistake([], f"should be a path, but is {_said(value)}. Put it in quotes if it is one.")
    return value


def _count(value: Any) -> int | None:
    if value is not None and (type(value) is not int or value < 0):
        raise EntryMistake([], f"should be a whole number from 0, but is {_said(value)}.")
    return value


def _flag(value: Any) -> bool:
    if type(value) is not bool:
        raise EntryMistake([], f"should be true or false, but is {_said(value)}.")
    return value


def _hash_name(value: Any) -> str:
    if value != _HASH:
        raise EntryMistake([], f"should be md5, the only one that DVC knows, but is {_said(value)}.")
    return _HASH


def _map(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise EntryMistake([], f"should be a mapping, but is {_said(value)}.")
    return value


def _flag_or_map(value: Any) -> Any:
    return value if isinstance(value, dict | list) else _flag(value)


def _text_or_map(value: Any) -> Any:
    return value if isinstance(value, dict) else _text(value)


def _anything(value: Any) -> Any:
    return value


def _labels(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(label, str) for label in value):
        raise EntryMistake([], f"should be a list of texts, but is {_said(value)}.")
    return tuple(value)


def _files(value: Any) -> tuple[VersionedFile, ...]:
    if not isinstance(value, list):
        raise EntryMistake([], f"should be a list of files, but is {_said(value)}.")
    files = []
    for at, entry in enumerate(value):
        try:
            found = _checked(entry, _FILE, "relpath")
            digest = found.pop(_HASH, None)
            files.append(VersionedFile(**found, oid=None if digest is None else Oid(digest)))
        except EntryMistake as mistake:
            raise EntryMistake((at, *mistake.keys), mistake.why) from None
    return tuple(files)


def _relpath(value: Any) -> str:
    path = _path(value)
    if path.startswith("/") or ".." in path.split("/"):
        raise EntryMistake([], f"should be a path below its directory, but {path!r} climbs out of it.")
    return path


def _repo(value: Any) -> RepoSource:
    return RepoSource(**_checked(value, _REPO, "url"))


def _said(value: Any) -> str:
    if value is None:
        return "empty"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."  # noqa: PLR2004  # enough to be found by


_CONTENT: dict[str, Callable[[Any], Any]] = {
    _HASH: _digest,
    "etag": _tag,
    "checksum": _tag,
    "version_id": _tag,
    "size": _count,
    "isexec": _flag,
    "cloud": _map,
}
_FILE = {**_CONTENT, "relpath": _relpath}
_REPO = {"url": _path, "rev": _tag, "rev_lock": _tag, "config": _text_or_map, "remote": _text_or_map}
_ENTRY = {**_CONTENT, "nfiles": _count, "hash": _hash_name, "path": _path, "fs_config": _map, "files": _files}
_DEPENDENCY = {**_ENTRY, "path": _text, "repo": _repo, "db": _map, "params": _anything}
_OUTPUT = {
    **_ENTRY,
    "desc": _text,
    "type": _text,
    "labels": _labels,
    "meta": _anything,
    "cache": _flag,
    "metric": _flag_or_map,
    "plot": _flag_or_map,
    "persist": _flag,
    "remote": _text,
    "push": _flag,
}
