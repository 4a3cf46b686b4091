"""Merges pointers and lock files by what they say, for Git: file by file of a folder, stage by stage of a pipeline.

What only one side has changed is taken from it. What both have changed differently is
a conflict, which is told with its path; the file stays as it is on our side then.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from treering.core.errors import Conflict, InvalidInput, NotFound
from treering.core.whole_files import write_whole
from treering.storage.content.manifest import Manifest
from treering.storage.content.oid import Oid
from treering.versioning.documents import edited_yaml, mistake_in, parse_yaml
from treering.versioning.entries import EntryMistake
from treering.versioning.pointers import Output, Pointer, pointer_document, pointer_of
from treering.versioning.repository import Repository

__all__ = ["ManifestOf", "MergeConflict", "Sides", "merge_files"]

_SCHEMA, _STAGES, _DATASETS = "schema", "stages", "datasets"
_LOCK_KEYS = {_SCHEMA, _STAGES, _DATASETS}

Value = TypeVar("Value")
ManifestOf = Callable[[Oid], Manifest]


class MergeConflict(Conflict):
    """Both sides have changed the same thing differently.

    Attributes:
        paths: Of the files, outputs or stages.
    """

    def __init__(self, name: str, paths: Iterable[str]) -> None:
        self.paths = tuple(paths)
        listed = "\n".join(f"  {path}" for path in self.paths)
        msg = (
            f"Both sides have changed the following in {name}:\n{listed}\n"
            "The file is as it is on our side. Choose a side for each, write it, and `git add` the file."
        )
        super().__init__(msg)


@dataclass(frozen=True, slots=True)
class Sides:
    """The files that Git gives to a merge driver.

    Attributes:
        ancestor: What both sides come from; an empty file where there is nothing.
        ours: Is to become the result.
        name: What the file is called, for messages.
    """

    ancestor: Path
    ours: Path
    theirs: Path
    name: str = ""


def merge_files(repo: Repository, sides: Sides, manifest_of: ManifestOf | None = None) -> None:
    """Merge a pointer or lock file into `sides.ours`.

    Args:
        manifest_of: Gives a folder's list of files; unless given, the cache does.

    Raises:
        MergeConflict: If both sides have changed the same thing differently; nothing was written then.
        InvalidInput: If a side is neither a pointer nor a lock file.
        NotFound: If a folder's list of files is needed and not in the cache.
    """
    name = sides.name or sides.ours.name
    texts = [_text(file) for file in (sides.ancestor, sides.ours, sides.theirs)]
    base, ours, theirs = (_document(text, name) for text in texts)
    if _is_lock(ours) and _is_lock(theirs):
        merged = _locks(base, ours, theirs, name)
    else:
        work = _Pointers(repo, name, manifest_of or repo.cache.read_manifest)
        old = work.read(base, texts[0]) if base else Pointer(Path(name))
        merged = pointer_document(work.merged(old, work.read(ours, texts[1]), work.read(theirs, texts[2])))
    if merged != ours:
        write_whole(sides.ours, edited_yaml(texts[1], merged, name))


def _text(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError as error:
        msg = f"There is no file {str(file)!r} to merge. A merge driver is called by Git, with three files."
        raise NotFound(msg) from error


def _document(text: bytes, name: str) -> dict[str, Any]:
    found = parse_yaml(text, name)
    if found is None:
        return {}
    if not isinstance(found, dict):
        msg = f"{name} is neither a pointer nor a lock file, and cannot be merged as one. Merge it by hand."
        raise InvalidInput(msg)
    return found


def _is_lock(document: Mapping[str, Any]) -> bool:
    return document.keys() <= _LOCK_KEYS and bool(document)


def _locks(base: dict[str, Any], ours: dict[str, Any], theirs: dict[str, Any], name: str) -> dict[str, Any]:
    if ours.get(_SCHEMA) != theirs.get(_SCHEMA):
        schemas = f"{ours.get(_SCHEMA)!r} and {theirs.get(_SCHEMA)!r}"
        msg = f"The two sides of {name} have different schemas: {schemas}. Write both with the same version."
        raise InvalidInput(msg)
    conflicts: list[str] = []
    merged = dict(ours)
    for section in (_STAGES, _DATASETS):
        parts = [_named(one.get(section), name, section) for one in (base, ours, theirs)]
        united = _united(parts, conflicts)
        if united or section in ours or section in theirs:
            merged[section] = list(united.values()) if section == _DATASETS else united
    if conflicts:
        raise MergeConflict(name, conflicts)
    return merged


def _named(section: Any, name: str, what: str) -> dict[str, Any]:
    """Stages by name; so datasets, which are a list."""
    if section is None:
        return {}
    if what == _STAGES and isinstance(section, dict):
        return section
    if what == _DATASETS and isinstance(section, list) and all(isinstance(one, dict) for one in section):
        return {str(one.get("name")): one for one in section}
    msg = f"The section {what!r} of {name} is not what it should be. Restore the file from Git."
    raise InvalidInput(msg)


def _united(sides: Sequence[Mapping[str, Value]], conflicts: list[str]) -> dict[str, Value]:
    """What the sides make of a mapping together, in the order of ours and then of what theirs has added.

    Args:
        sides: The ancestor's, ours and theirs.
    """
    base, ours, theirs = sides
    united: dict[str, Value] = {}
    for key in {**ours, **theirs, **base}:
        old, our, their = base.get(key), ours.get(key), theirs.get(key)
        if our != their and old not in (our, their):  # they may be mappings
            conflicts.append(key)
        chosen = their if our == old else our
        if chosen is not None:
            united[key] = chosen
    return united


@dataclass
class _Pointers:
    repo: Repository
    name: str
    manifest_of: ManifestOf
    conflicts: list[str] = field(default_factory=list)

    def read(self, document: dict[str, Any], text: bytes) -> Pointer:
        try:
            return pointer_of(Path(self.name), document)
        except EntryMistake as mistake:
            raise mistake_in(self.name, text, mistake.keys, mistake.why) from mistake

    def merged(self, base: Pointer, ours: Pointer, theirs: Pointer) -> Pointer:
        outs = self._outs(base, ours, theirs)
        deps = _united([_by_path(one.deps) for one in (base, ours, theirs)], self.conflicts)
        others = ("wdir", "frozen", "always_changed", "desc", "meta", "cmd")
        fields = {one: self._field(one, base, ours, theirs) for one in others}
        if self.conflicts:
            raise MergeConflict(self.name, self.conflicts)
        return replace(ours, outs=tuple(outs), deps=tuple(deps.values()), **fields)

    def _outs(self, base: Pointer, ours: Pointer, theirs: Pointer) -> list[Output]:
        old, our, their = (_by_path(one.outs) for one in (base, ours, theirs))
        both = {path for path in our.keys() & their.keys() if our[path] != their[path]}
        united = _united(
            [{path: out for path, out in one.items() if path not in both} for one in (old, our, their)], self.conflicts
        )
        united |= {path: self._out(old.get(path), our[path], their[path]) for path in both}
        return [united[path] for path in {**our, **their} if path in united]

    def _out(self, base: Output | None, ours: Output, theirs: Output) -> Output:
        """An output that both sides have, and not alike."""
        old = base or Output(ours.path)
        content = self._content(base, ours, theirs)
        others = [one for one in Output.__dataclass_fields__ if one not in _CONTENT]
        fields = {one: self._field(one, old, ours, theirs, ours.path) for one in others}
        return replace(content, **fields)

    def _content(self, base: Output | None, ours: Output, theirs: Output) -> Output:
        if _content_of(ours) == _content_of(theirs) or (base and _content_of(theirs) == _content_of(base)):
            return ours
        if base and _content_of(ours) == _content_of(base):
            return theirs
        trees = [_is_tree(one) for one in (ours, theirs)]
        if not all(trees) or (base is not None and not _is_tree(base)):
            self.conflicts.append(ours.path)
            return ours
        manifest = self._tree(base, ours, theirs)
        if self.conflicts:
            return ours
        oid = self.repo.cache.put_manifest(manifest)
        known = replace(ours, etag="", checksum="", version_id="", files=None, cloud={})
        return replace(known, oid=oid, hash="md5", size=self._size(manifest), nfiles=len(manifest))

    def _tree(self, base: Output | None, ours: Output, theirs: Output) -> Manifest:
        rows = [self._rows(one) for one in (base, ours, theirs)]
        conflicts: list[str] = []
        united = _united(rows, conflicts)
        conflicts += _inside_files(united)
        self.conflicts += [f"{ours.path}/{path}" for path in dict.fromkeys(conflicts)]
        return Manifest.of(united.items())

    def _rows(self, out: Output | None) -> dict[str, str]:
        if out is None or out.oid is None:
            return {}
        try:
            return dict(self.manifest_of(out.oid))
        except NotFound as error:
            msg = (
                f"The list of files of {out.path!r}, as one side of {self.name} has it, is not in the cache."
                f" Fetch it for both branches, and merge again. {error}"
            )
            raise NotFound(msg) from error

    def _size(self, manifest: Manifest) -> int | None:
        """Bytes of all files, if all are in the cache; else nothing is said of it."""
        with suppress(FileNotFoundError):
            return sum(os.stat(self.repo.cache.name_of(digest)).st_size for _, digest in manifest)
        return None

    def _field(self, name: str, base: Any, ours: Any, theirs: Any, path: str = "") -> Any:
        old, our, their = (getattr(one, name) for one in (base, ours, theirs))
        if our not in (old, their) and their != old:
            self.conflicts.append(f"{path}: {name}" if path else name)
        return their if our == old else our


_CONTENT = {"oid", "hash", "etag", "checksum", "version_id", "size", "nfiles", "isexec", "files", "cloud"}


def _content_of(out: Output) -> object:
    return out.oid, out.etag, out.checksum, out.files, out.isexec


def _is_tree(out: Output) -> bool:
    return out.oid is not None and out.oid.is_dir and not out.oid.legacy


def _by_path(entries: Iterable[Any]) -> dict[str, Any]:
    return {one.path: one for one in entries}


def _inside_files(paths: Iterable[str]) -> list[str]:
    """Files that would have to be folders, too, because one side has put files below them."""
    there = set(paths)
    found = []
    for path in there:
        above = path.rpartition("/")[0]
        while above:
            if above in there:
                found.append(above)
            above = above.rpartition("/")[0]
    return sorted(set(found))
