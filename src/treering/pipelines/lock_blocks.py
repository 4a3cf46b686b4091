"""A dvc.lock as lines: the entry of one stage is exchanged without the others being parsed and written again.

That takes the form that DVC writes, where each stage begins with a line of its own:

    schema: '2.0'
    stages:
      prepare:
        cmd: python prepare.py
      train: ...

YAML has everything else within `stages` stand further to the right, but for comments.
A file of another form is left to whoever can read it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from treering.core.errors import InvalidInput
from treering.versioning.documents import parse_yaml

__all__ = ["blocks_with", "with_block"]

_PLAIN_KEY = re.compile(rb"  ([A-Za-z_][A-Za-z0-9_.@/+-]*):(?:\s|$)")
_COMMENT = re.compile(rb" {0,2}#")
_HEAD = b"stages:"
_DEPTH = 2


@dataclass(frozen=True, slots=True)
class _Blocks:
    """The lines of a lock file, and of each stage the first one and the one behind its last."""

    lines: list[bytes]
    places: dict[str, tuple[int, int]]
    end: int


def with_block(text: bytes, name: str, document: bytes, before: Sequence[str]) -> bytes | None:
    """The text of a lock file with a stage's entry put in; None where the file is of another form.

    Args:
        text: What stands in the file.
        name: The stage.
        document: A document that has nothing but `stages` with this stage, in DVC's form.
        before: If the stage is not there yet, it goes before the first of these that is.
    """
    found = _blocks(text)
    if found is None:
        return None
    block = document.splitlines(keepends=True)[1:]
    if name in found.places:
        start, end = found.places[name]
    else:
        start = end = min((found.places[other][0] for other in before if other in found.places), default=found.end)
    lines = found.lines[:start]
    if lines and not lines[-1].endswith(b"\n"):
        lines[-1] += b"\n"
    return b"".join([*lines, *block, *found.lines[end:]])


def blocks_with(text: bytes, word: bytes) -> bytes:
    """A lock file with only those stages whose entries have a word in them; all of it where the file is of another form."""
    # What stands for something in another entry cannot do without that.
    found = None if b"&" in text or b"*" in text else _blocks(text)
    if found is None or not found.places:
        return text
    blocks = (b"".join(found.lines[start:end]) for start, end in found.places.values())
    kept = [block for block in blocks if word in block]
    return b"".join([b"schema: '2.0'\nstages:\n", *kept]) if kept else b""


def _blocks(text: bytes) -> _Blocks | None:
    lines = text.splitlines(keepends=True)
    heads = [at for at, line in enumerate(lines) if line.startswith(_HEAD)]
    if len(heads) != 1 or lines[heads[0]].strip() != _HEAD or b"\t" in text or b"\r" in text:
        return None
    starts: dict[str, int] = {}
    end = len(lines)
    for at in range(heads[0] + 1, len(lines)):
        line = lines[at]
        if not line.strip() or _COMMENT.match(line):
            continue
        depth = len(line) - len(line.lstrip(b" "))
        if depth == 0:
            end = at
            break
        if depth > _DEPTH and starts:
            continue
        name = _name(line) if depth == _DEPTH else None
        if name is None or name in starts:
            return None  # of another form
        starts[name] = at
    edges = [*starts.values(), end]
    places = {name: (edges[at], _last(lines, edges[at], edges[at + 1])) for at, name in enumerate(starts)}
    return _Blocks(lines, places, max((place[1] for place in places.values()), default=heads[0] + 1))


def _name(line: bytes) -> str | None:
    match = _PLAIN_KEY.match(line)
    if match is not None and match[1].lower() not in _NO_TEXTS:
        return match[1].decode()
    try:
        found = parse_yaml(line, "")
    except InvalidInput:
        return None
    names = list(found) if isinstance(found, dict) else []
    return names[0] if len(names) == 1 and isinstance(names[0], str) else None


_NO_TEXTS = {b"true", b"false", b"null"}


def _last(lines: Sequence[bytes], start: int, end: int) -> int:
    """The line behind the last one of a stage: empty lines, and comments that are not indented as it is, are not its own."""
    while end > start + 1 and (not lines[end - 1].strip() or _COMMENT.match(lines[end - 1])):
        end -= 1
    return end
