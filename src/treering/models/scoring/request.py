"""What a user asks as a job: files found by name, folder or pattern, and formats by their endings."""

from __future__ import annotations

import glob
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from treering.core.errors import AlreadyExists, InvalidInput, NotFound

__all__ = ["Files", "Sink", "find_files", "format_of", "sink"]

# As the formats say it themselves; here without loading what reads them.
_ENDINGS = {
    ".csv": "csv", ".tsv": "csv", ".parquet": "parquet", ".pq": "parquet",
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json",
}  # fmt: skip
_PACKED = ".gz"
_PATTERN = "*?["


@dataclass(frozen=True, slots=True)
class Files:
    """The input of a job, in order."""

    format: str
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sink:
    """The output of a job."""

    format: str
    path: str
    compressed: bool


def format_of(path: str) -> str:
    """The format that the ending of a name says; "" if it says none."""
    return _ENDINGS.get(Path(path.lower().removesuffix(_PACKED)).suffix, "")


def find_files(given: str | os.PathLike[str] | Sequence[str | os.PathLike[str]], asked: str = "") -> Files:
    """The files that a path, a folder, a pattern such as `data/*.csv`, or several of them name.

    Files of a folder and of a pattern are sorted by name; those of a folder are all below it that
    have an ending of a known format, or of the one that was asked, and no name that begins with `.` or `_`.

    Raises:
        NotFound: If a path or pattern names no file.
        InvalidInput: If the format cannot be told, or files have several.
    """
    several = [given] if isinstance(given, str | os.PathLike) else list(given)
    paths = [path for one in several for path in _expanded(os.fspath(one), asked)]
    formats = {asked} if asked else {format_of(path) for path in paths}
    if len(formats) != 1 or "" in formats:
        told = ", ".join(sorted(formats - {""})) or "none"
        msg = (
            f"The format of the input cannot be told from the names of its files ({told}). Name it by --input-format,"
            " or end the names with .csv, .parquet, .jsonl or .json."
        )
        raise InvalidInput(msg)
    return Files(formats.pop(), tuple(paths))


def sink(path: str | os.PathLike[str], asked: str = "", *, folder: bool = False) -> Sink:
    """Where the output goes, and in which format.

    Args:
        folder: Whether it is to be a folder of files.

    Raises:
        InvalidInput: If that is a folder and should be none, or the format cannot be told.
        AlreadyExists: If it is to be a folder, and there is something already.
    """
    text = os.fspath(path)
    if folder and Path(text).exists() and (not Path(text).is_dir() or any(Path(text).iterdir())):
        msg = f"{text} is there already, and is not replaced by a folder. Remove it, or choose another name."
        raise AlreadyExists(msg)
    if not folder and Path(text).is_dir():
        msg = f"{text} is a folder. Name a file for the predictions, such as {text.rstrip('/')}/predictions.parquet; or --parts."
        raise InvalidInput(msg)
    found = asked or format_of(text)
    if not found:
        msg = f"The format of {text} cannot be told from its name. Name it by --output-format: csv, jsonl or parquet."
        raise InvalidInput(msg)
    if found == "json":
        msg = "Predictions for files are not written as one JSON document, which would have to be read whole. Choose jsonl."
        raise InvalidInput(msg)
    return Sink(found, text, text.lower().endswith(_PACKED) and found != "parquet")


def _expanded(given: str, asked: str) -> list[str]:
    if Path(given).is_dir():
        found = sorted(
            os.path.join(folder, name)  # noqa: PTH118 -- of os.walk
            for folder, folders, names in os.walk(given)
            for name in names
            if not name.startswith((".", "_")) and (asked or format_of(name)) and _is_seen(folder, given, folders)
        )
    elif any(sign in given for sign in _PATTERN) and not Path(given).exists():
        found = sorted(path for path in glob.glob(given, recursive=True) if Path(path).is_file())  # noqa: PTH207 -- absolute and relative patterns
    else:
        found = [given] if Path(given).is_file() else []
    if not found:
        msg = f"{given} names no file to score. Check --input-path."
        raise NotFound(msg)
    return found


def _is_seen(folder: str, root: str, folders: list[str]) -> bool:
    folders[:] = [name for name in folders if not name.startswith((".", "_"))]
    return not any(part.startswith((".", "_")) for part in Path(folder).relative_to(root).parts)
