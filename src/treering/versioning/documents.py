"""YAML files as DVC has them: read quickly, written as DVC would write them, edited in place.

This module is light: simple documents are read and written by Treering itself. What the
others take and what is slow to load, PyYAML for reading and ruamel.yaml for writing,
stands in modules of its own that are loaded with the first use.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Sequence
from typing import Any

from treering.core.errors import InvalidInput, NotFound
from treering.core.whole_files import write_whole
from treering.versioning.plain_reading import UNSURE, read_plain
from treering.versioning.plain_yaml import dump_plain, edited_plain

__all__ = ["dump_yaml", "edit_yaml", "edited_yaml", "mistake_in", "parse_yaml", "read_yaml", "write_yaml"]

_READER = "treering.versioning.yaml_reader"
_WRITER = "treering.versioning.yaml_writer"


def parse_yaml(text: bytes | str, name: str | os.PathLike[str]) -> Any:
    """The value of one document of YAML 1.2, in which `yes` and `on` are texts; None for an empty one.

    Args:
        name: What messages call the document: as a rule its file.

    Raises:
        InvalidInput: If it is no YAML, holds a key twice or the markers of a merge conflict;
            the message names the line and what to do.
    """
    plain = read_plain(text.encode() if isinstance(text, str) else text)
    return importlib.import_module(_READER).parse(text, os.fspath(name)) if plain is UNSURE else plain


def read_yaml(file: str | os.PathLike[str]) -> Any:
    """As `parse_yaml`, from a file. Raises NotFound, too."""
    try:
        with open(file, "rb") as opened:
            text = opened.read()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
        msg = f"There is no file {os.fspath(file)!r}. Give the path of one that exists."
        raise NotFound(msg) from error
    return parse_yaml(text, file)


def mistake_in(name: str | os.PathLike[str], text: bytes, keys: Sequence[str | int], why: str) -> InvalidInput:
    """The error for a document that is good YAML, but does not say what it should.

    Args:
        keys: The way to what is wrong: keys of mappings and positions in lists.
        why: What is wrong with it and what to do, as sentences that go on behind the place.
    """
    line = importlib.import_module(_READER).line_of(text, keys)
    where = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys).removeprefix(".")
    return InvalidInput(f"{os.fspath(name)}{f', line {line}' if line else ''}: {f'{where} ' if where else ''}{why}")


def dump_yaml(data: Any) -> bytes:
    """What DVC writes for a new document: two spaces, lists not indented, lines of 80 columns."""
    plain = dump_plain(data)
    if plain is not None:
        return plain
    dumped: bytes = importlib.import_module(_WRITER).dump(data)
    return dumped


def write_yaml(file: str | os.PathLike[str], data: Any) -> None:
    """Write a whole file anew, without a trace of what stood there; it appears whole or not at all."""
    write_whole(file, dump_yaml(data))


def edited_yaml(text: bytes | str, data: Any, name: str | os.PathLike[str]) -> bytes:
    """The document `text` changed so that its value is `data`; comments, order and style of the rest stay.

    New keys of a mapping go behind the old ones.

    Raises:
        InvalidInput: As `parse_yaml`.
    """
    written = text.encode() if isinstance(text, str) else text
    plain = edited_plain(written, parse_yaml(written, name), data)
    if plain is not None:
        return plain
    edited: bytes = importlib.import_module(_WRITER).edit(written, data, os.fspath(name))
    return edited


def edit_yaml(file: str | os.PathLike[str], data: Any) -> bool:
    """Change a file so that its value is `data`, as `edited_yaml`, or write a new one.

    Returns:
        Whether the file was touched: one that has the value already is not.

    Raises:
        InvalidInput: As `parse_yaml`.
    """
    try:
        with open(file, "rb") as opened:
            text = opened.read()
    except FileNotFoundError:
        write_yaml(file, data)
        return True
    if _same(parse_yaml(text, file), data):
        return False
    write_whole(file, edited_yaml(text, data, file))
    return True


def _same(one: Any, other: Any) -> bool:
    """Equal in type, too: 1, 1.0 and True are not the same in a document. The order of keys does not matter."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    return type(one) is type(other) and one == other
