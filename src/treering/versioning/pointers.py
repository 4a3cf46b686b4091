"""Pointers: `.dvc` files, which say in Git what lies outside of it.

Read into values and written back in DVC's form. A new file has DVC's bytes; of an
old one only what changed is touched.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from treering.core.errors import NotFound
from treering.core.whole_files import write_whole
from treering.versioning.documents import dump_yaml, edited_yaml, mistake_in, parse_yaml
from treering.versioning.entries import (
    Dependency,
    EntryMistake,
    Output,
    RepoSource,
    VersionedFile,
    dependency_entry,
    output_entry,
    read_dependency,
    read_output,
)

__all__ = [
    "SUFFIX",
    "Dependency",
    "Output",
    "Pointer",
    "RepoSource",
    "VersionedFile",
    "is_pointer_name",
    "pointer_document",
    "pointer_of",
    "read_pointer",
    "stage_checksum",
    "write_pointer",
]

SUFFIX = ".dvc"
_OLD_NAME = "Dvcfile"
# What may change in a pointer without another checksum; at every depth.
_UNCHECKED = frozenset(
    ("desc", "type", "labels", "meta", "locked", "frozen", "metric", "persist", "isexec", "size", "nfiles")
)


@dataclass(frozen=True, slots=True)
class Pointer:
    """A whole `.dvc` file.

    Attributes:
        file: Where it lies, absolute.
        wdir: What paths of outputs and dependencies are relative to; itself relative to the file's folder.
        frozen: Whether its source is not asked for news by `repro`; so with all imports.
        always_changed: Whether it counts as changed whatever it holds.
        md5: As it stands in the file: the checksum of a file with dependencies. `write_pointer` computes it anew.
        cmd: In single-stage files of DVC 0 and 1: the command that makes the outputs.
    """

    file: Path
    outs: tuple[Output, ...] = ()
    deps: tuple[Dependency, ...] = ()
    wdir: str = "."
    frozen: bool = False
    always_changed: bool = False
    desc: str = ""
    meta: Any = None
    md5: str = ""
    cmd: str | tuple[str, ...] = ""

    @property
    def is_import(self) -> bool:
        """Whether it brings its one output from somewhere else."""
        return not self.cmd and len(self.deps) == 1 and len(self.outs) == 1

    @property
    def is_repo_import(self) -> bool:
        """Whether that is another repository."""
        return self.is_import and self.deps[0].repo is not None

    @property
    def is_partial(self) -> bool:
        """Whether it is an import of which nothing was downloaded yet."""
        out = self.outs[0] if self.outs else None
        return self.is_import and out is not None and out.oid is None and out.files is None

    def output_path(self, out: Output) -> Path:
        """Where an output lies, absolute."""
        return Path(self.path_of(out.path))

    def path_of(self, path: str) -> str:
        """The absolute path of what is written relative to the working directory."""
        folder = os.path.dirname(self.file)
        return os.path.normpath(os.path.join(folder, self.wdir, path))


def is_pointer_name(name: str) -> bool:
    """Whether a file of this name is a pointer."""
    return (name.endswith(SUFFIX) and len(name) > len(SUFFIX)) or name == _OLD_NAME


def read_pointer(file: Path, text: bytes | None = None) -> Pointer:
    """The pointer at `file`.

    Args:
        text: What stands in it, where that is known, as in a revision.

    Raises:
        NotFound: If there is no such file.
        InvalidInput: If it is not what a pointer is; the message names file, line and key.
    """
    if text is None:
        try:
            text = file.read_bytes()
        except (FileNotFoundError, NotADirectoryError) as error:
            msg = f"There is no pointer {str(file)!r}. Give the path of a .dvc file that exists."
            raise NotFound(msg) from error
    document = parse_yaml(text, file)
    try:
        return pointer_of(file, document)
    except EntryMistake as mistake:
        raise mistake_in(file, text, mistake.keys, mistake.why) from mistake


def pointer_of(file: Path, document: Any) -> Pointer:
    """The pointer that a document says. Raises EntryMistake."""
    if not isinstance(document, dict):
        said = "nothing stands in it" if document is None else f"but it is a {type(document).__name__}"
        raise EntryMistake([], f"a pointer is a mapping with the key `outs`; {said}. Restore it from Git.")
    fields: dict[str, Any] = {}
    for key, value in document.items():
        if value is None:
            continue
        if key == "outs":
            fields["outs"] = _listed(key, value, read_output)
        elif key == "deps":
            fields["deps"] = _listed(key, value, read_dependency)
        else:
            fields["frozen" if key == "locked" else key] = _top(key, value)
    return Pointer(file, **fields)


def pointer_document(pointer: Pointer) -> dict[str, Any]:
    """What is written: keys in DVC's order, without those that say nothing, with the checksum as it should be."""
    document: dict[str, Any] = {
        "desc": pointer.desc,
        "md5": stage_checksum(pointer),
        "cmd": list(pointer.cmd) if isinstance(pointer.cmd, tuple) else pointer.cmd,
        "wdir": "" if pointer.wdir == "." else pointer.wdir,
        "frozen": pointer.frozen,
        "deps": [dependency_entry(dep) for dep in pointer.deps],
        "outs": [output_entry(out) for out in pointer.outs],
        "always_changed": pointer.always_changed,
        "meta": pointer.meta,
    }
    return {key: value for key, value in document.items() if value}


def stage_checksum(pointer: Pointer) -> str:
    """DVC's MD5 of what a file with dependencies says; "" for one without, which has none."""
    if not pointer.deps and not pointer.cmd:
        return ""
    document = {
        "cmd": list(pointer.cmd) if isinstance(pointer.cmd, tuple) else pointer.cmd,
        "wdir": "" if pointer.wdir == "." else pointer.wdir,
        "deps": [dependency_entry(dep) for dep in pointer.deps],
        "outs": [output_entry(out) for out in pointer.outs],
        "always_changed": pointer.always_changed,
    }
    counted = _counted({key: value for key, value in document.items() if value})
    return hashlib.md5(json.dumps(counted, sort_keys=True).encode(), usedforsecurity=False).hexdigest()


def write_pointer(pointer: Pointer) -> bool:
    """Write a pointer to its file, whole or not at all.

    Returns:
        Whether the file was touched: one that says the same already is not.

    Raises:
        InvalidInput: If something stands there that is no pointer.
        StorageFull: If the disk is full; so PermissionDenied and NotFound, as `write_whole`.
    """
    document = pointer_document(pointer)
    try:
        text = pointer.file.read_bytes()
    except FileNotFoundError:
        write_whole(pointer.file, dump_yaml(document))
        return True
    old = read_pointer(pointer.file, text)
    # The checksum is compared with what stands there: a wrong one is corrected.
    if replace(old, md5="") == replace(pointer, md5="") and old.md5 == document.get("md5", ""):
        return False
    write_whole(pointer.file, edited_yaml(text, document, pointer.file))
    return True


def _counted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _counted(inner) for key, inner in value.items() if key not in _UNCHECKED}
    if isinstance(value, list | tuple):
        return [_counted(inner) for inner in value]
    return value


def _listed(key: str, value: Any, read: Any) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise EntryMistake([key], "should be a list: each entry begins with a dash.")
    found = []
    for at, entry in enumerate(value):
        try:
            found.append(read(entry))
        except EntryMistake as mistake:
            raise EntryMistake((key, at, *mistake.keys), mistake.why) from None
    return tuple(found)


_TEXTS = {"desc", "md5", "wdir"}
_FLAGS = {"frozen", "locked", "always_changed"}


def _top(key: Any, value: Any) -> Any:
    if key == "md5" and type(value) is int:
        return f"{value:032d}"  # decimal digits alone, without quotes
    if key in _TEXTS:
        if isinstance(value, str):
            return value
        raise EntryMistake([key], "should be a text.")
    if key in _FLAGS:
        if isinstance(value, bool):
            return value
        raise EntryMistake([key], "should be true or false.")
    if key == "cmd":
        return _command(value)
    if key == "meta":
        return value
    known = "desc, md5, cmd, wdir, frozen, deps, outs, always_changed, meta"
    raise EntryMistake([key], f"is not a key of a pointer. Remove it, or put it below `meta`. Known keys: {known}.")


def _command(value: Any) -> str | tuple[str, ...]:
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return tuple(value)
    if isinstance(value, str):
        return value
    raise EntryMistake(["cmd"], "should be a text or a list of texts.")
