"""What stands in files of metrics and parameters, file by file; a file that cannot be read tells why, beside the others.

The shape is that of DVC's JSON: `{"data": ...}`, or `{"error": {"type": ..., "msg": ...}}` with
DVC's names of errors.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol

from treering.core.errors import InvalidInput, TreeringError
from treering.pipelines.formats import parse
from treering.pipelines.schema import SchemaMistake

__all__ = [
    "DamagedFile",
    "Files",
    "encode_error",
    "errored",
    "expand",
    "files_at",
    "in_file",
    "load",
    "read_text",
    "reading",
]

Reading = dict[str, Any]

_DAMAGED = {".json": "JSONFileCorruptedError", ".py": "PythonFileCorruptedError", ".toml": "TOMLFileCorruptedError"}


class Files(Protocol):
    """The files of one revision, those outside of Git with them. Paths are absolute."""

    def read_bytes(self, path: str) -> bytes:
        """The content. Raises FileNotFoundError, IsADirectoryError."""

    def is_dir(self, path: str) -> bool:
        """Whether there is a folder, which may be an output."""

    def find(self, path: str) -> list[str]:
        """All files below a folder, sorted. Raises FileNotFoundError where they are not known."""


class DamagedFile(InvalidInput):
    """A file that is not of the format that its name says.

    Attributes:
        known_as: DVC's name of the error.
    """

    def __init__(self, message: str, known_as: str) -> None:
        super().__init__(message)
        self.known_as = known_as


def encode_error(error: BaseException) -> dict[str, str]:
    """An error as DVC's JSON has it."""
    if isinstance(error, InvalidInput) and isinstance(error.__cause__, SchemaMistake):
        return {"type": "YAMLValidationError", "msg": str(error)}
    return {"type": getattr(error, "known_as", type(error).__name__), "msg": str(error)}


def load(files: Files, path: str, shown: str) -> Any:
    """The value that stands in a file.

    Args:
        shown: What messages call it.

    Raises:
        FileNotFoundError: If it is not there.
        DamagedFile: If it cannot be understood.
    """
    text = read_text(files, path, shown)
    try:
        return parse(text, shown)
    except InvalidInput as error:
        suffix = posixpath.splitext(path)[1].lower()
        raise DamagedFile(error.message, _DAMAGED.get(suffix, "YAMLFileCorruptedError")) from error


def read_text(files: Files, path: str, shown: str) -> str:
    """The text of a file. Raises FileNotFoundError, and DamagedFile if it is not in UTF-8."""
    content = files.read_bytes(path)
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        msg = f"unable to read: '{shown}', is not valid utf8. Convert it."
        raise DamagedFile(msg, "EncodingError") from error


def reading(get: Callable[[], Any]) -> Reading:
    """What `get` gives, or why it gives nothing."""
    try:
        return {"data": get()}
    except (TreeringError, OSError) as error:
        return {"error": encode_error(error)}


def expand(files: Files, paths: Iterable[str]) -> Iterator[str]:
    """The paths, each once, with the files in folders instead of these; a folder whose files are not known stays."""
    seen: set[str] = set()
    for path in paths:
        for found in files_at(files, path):
            if found not in seen:
                seen.add(found)
                yield found


def files_at(files: Files, path: str) -> list[str]:
    """The files in a folder, where they are known; else the path itself."""
    if not files.is_dir(path):
        return [path]
    try:
        return files.find(path)
    except FileNotFoundError:
        return [path]


def in_file(folder: str, path: str) -> str:
    """The absolute path of what a dvc.yaml in `folder` names."""
    return posixpath.normpath(posixpath.join(folder, path))


def errored(results: Mapping[str, Any]) -> list[str]:
    """The revisions at which something could not be read."""
    return [
        name
        for name, result in results.items()
        if "error" in result or any("error" in one for one in result.get("data", {}).values())
    ]
