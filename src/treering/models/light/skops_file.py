"""The values in a file of skops: numbers, texts, containers and arrays; objects by name and with what they hold."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["Thing", "Unfamiliar", "read"]

_DAMAGED = (
    *(OSError, EOFError, zipfile.BadZipFile, zlib.error, LookupError, TypeError, ValueError, AttributeError),
    *(RuntimeError, MemoryError),
)
_LARGEST = 256 << 20
"""Bytes of a file that is worth reading twice, should the framework be needed after all."""


class Unfamiliar(Exception):
    """The file holds what only the framework can make sense of."""


@dataclass(frozen=True, slots=True)
class Thing:
    """An object: the name of its class, what it was made with, and its attributes."""

    name: str
    arguments: tuple[Any, ...]
    state: dict[str, Any]


def read(path: Path) -> Any:
    """What the file holds.

    Raises:
        Unfamiliar: If that is more than this module knows, or the file is damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(info.file_size for info in archive.infolist()) > _LARGEST:
                msg = "too large"
                raise Unfamiliar(msg)
            return _Reader(archive).value(json.loads(archive.read("schema.json")))
    except _DAMAGED as error:
        raise Unfamiliar(str(error)) from error


class _Unknown:
    """Something that no step here needs, as far as is known; whoever looks at it after all is told."""

    def __bool__(self) -> bool:
        raise Unfamiliar

    def __getattr__(self, name: str) -> Any:
        raise Unfamiliar(name)


class _Reader:
    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._known: dict[Any, Any] = {}

    def value(self, node: dict[str, Any]) -> Any:
        kind = node["__loader__"]
        if kind == "CachedNode":
            return self._known[node["__id__"]]
        found = _KINDS[kind](self, node) if kind in _KINDS else _Unknown()
        self._known[node.get("__id__")] = found
        return found

    def simple(self, node: dict[str, Any]) -> Any:
        return json.loads(node["content"])

    def listed(self, node: dict[str, Any]) -> list[Any]:
        return [self.value(one) for one in node["content"]]

    def in_order(self, node: dict[str, Any]) -> tuple[Any, ...]:
        return tuple(self.value(one) for one in node["content"])

    def by_key(self, node: dict[str, Any]) -> Any:
        if f"{node['__module__']}.{node['__class__']}" != "builtins.dict":
            return _Unknown()
        return {key: self.value(one) for key, one in node["content"].items()}

    def array(self, node: dict[str, Any]) -> Any:
        if node["type"] == "json":
            held = [self.value(one) for one in node["content"]]
            if all(isinstance(one, list) for one in held):
                return held  # a table of objects, by its rows
            if not all(isinstance(one, str) for one in held) or tuple(self.value(node["shape"])) != (len(held),):
                return _Unknown()
            return np.array(held, dtype=object)
        found = np.lib.format.read_array(io.BytesIO(self._archive.read(node["file"])), allow_pickle=False)
        return found if node["__class__"] == "ndarray" else found[()]

    def kind(self, node: dict[str, Any]) -> Thing:
        return Thing(f"{node['__module__']}.{node['__class__']}", (), {})

    def thing(self, node: dict[str, Any]) -> Any:
        state = self.value(node["content"]) if node.get("content") else {}
        reduced = node.get("__reduce__")
        arguments = self.value(reduced["args"]) if reduced else ()
        if not isinstance(state, dict) or not isinstance(arguments, tuple):
            return _Unknown()
        return Thing(f"{node['__module__']}.{node['__class__']}", arguments, state)


_KINDS = {
    "DictNode": _Reader.by_key,
    "JsonNode": _Reader.simple,
    "ListNode": _Reader.listed,
    "NdArrayNode": _Reader.array,
    "ObjectNode": _Reader.thing,
    "TreeNode": _Reader.thing,
    "TupleNode": _Reader.in_order,
    "TypeNode": _Reader.kind,
}
