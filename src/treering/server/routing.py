"""From a path and a method to what answers there, in a time that does not grow with the number of endpoints."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from urllib.parse import unquote

from treering.core.errors import UnknownEndpoint, WrongMethod

__all__ = ["MethodRefused", "Router"]

T = TypeVar("T")

_FIELD = re.compile(r"{(\w+)(:path)?}")


class MethodRefused(WrongMethod):
    """As its parent, with the methods that the path has."""

    def __init__(self, message: str, allowed: Sequence[str]) -> None:
        super().__init__(message)
        self.allowed = tuple(allowed)


@dataclass(slots=True)
class _Node(Generic[T]):
    """One place in the tree of paths.

    Attributes:
        one: Where any one segment leads.
        rest: What answers when all remaining segments are taken as one value.
    """

    named: dict[str, _Node[T]] = field(default_factory=dict)
    one: _Node[T] | None = None
    here: dict[str, tuple[T, tuple[str, ...]]] = field(default_factory=dict)
    rest: dict[str, tuple[T, tuple[str, ...]]] = field(default_factory=dict)


class Router(Generic[T]):
    """Paths with fields, as a tree of their segments.

    A segment that is written out goes before a field. Segments are decoded one by
    one, so a value may hold an escaped slash.
    """

    def __init__(self) -> None:
        self._root: _Node[T] = _Node()

    def add(self, method: str, path: str, target: T) -> None:
        """Let `target` answer there.

        Raises:
            ValueError: If something answers there already, or `:path` is not at the end.
        """
        node = self._root
        names: list[str] = []
        segments = path.strip("/").split("/")
        table = None
        for index, segment in enumerate(segments):
            found = _FIELD.fullmatch(segment)
            if not found:
                node = node.named.setdefault(segment, _Node())
                continue
            names.append(found[1])
            if found[2]:
                if index != len(segments) - 1:
                    msg = f"{path}: a field with slashes must be the last."
                    raise ValueError(msg)
                table = node.rest
                break
            node.one = node.one or _Node()
            node = node.one
        table = node.here if table is None else table
        if method in table:
            msg = f"{method} {path} has an answer already."
            raise ValueError(msg)
        table[method] = (target, tuple(names))

    def find(self, method: str, raw_path: str) -> tuple[T, dict[str, str]]:
        """What answers, and the values of the path's fields.

        Args:
            raw_path: As it was sent, still percent-encoded.

        Raises:
            UnknownEndpoint: If nothing answers at the path.
            MethodRefused: If something does, but not to this method.
        """
        segments = [unquote(segment) for segment in raw_path.removeprefix("/").split("/")]
        allowed: set[str] = set()
        for table, values in _matches(self._root, segments, 0, ()):
            if method in table:
                target, names = table[method]
                return target, dict(zip(names, values, strict=True))
            allowed.update(table)
        if allowed:
            listed = ", ".join(sorted(allowed))
            msg = f"{raw_path} does not answer to {method}, but to {listed}."
            raise MethodRefused(msg, sorted(allowed))
        msg = f"Nothing answers at {raw_path}. Check the path; /api/v1/openapi.json describes what there is."
        raise UnknownEndpoint(msg)


def _matches(
    node: _Node[T], segments: Sequence[str], index: int, values: tuple[str, ...]
) -> Iterator[tuple[dict[str, tuple[T, tuple[str, ...]]], tuple[str, ...]]]:
    """Every table that the segments lead to, the most exact first."""
    if index == len(segments):
        if node.here:
            yield node.here, values
        return
    segment = segments[index]
    if segment in node.named:
        yield from _matches(node.named[segment], segments, index + 1, values)
    if node.one is not None and segment:
        yield from _matches(node.one, segments, index + 1, (*values, segment))
    if node.rest and (tail := "/".join(segments[index:])):
        yield node.rest, (*values, tail)
