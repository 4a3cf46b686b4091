"""Fills the templates of one dvc.yaml, and unfolds its foreach and matrix stages.

Loaded only for a dvc.yaml that has any: the others are taken as they stand.
"""

from __future__ import annotations

import itertools
import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from treering.core.errors import InvalidInput
from treering.pipelines.definition import JOIN, Definition, Entry
from treering.pipelines.params import DEFAULT_FILE
from treering.pipelines.templating import Context, Iterated, TemplateMistake, Unpacking, check, has_template, shown
from treering.versioning.documents import mistake_in

__all__ = ["Filler"]

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Item:
    """One round of a foreach or matrix: the value of `item`, and which parts of it came from a template."""

    value: Any
    aliases: Mapping[Path, Path]


@dataclass(frozen=True, slots=True)
class _Group:
    """What a foreach or matrix makes: a stage for each key."""

    template: Mapping[str, Any]
    items: Mapping[str, _Item]
    with_key: bool
    at: Path


class Filler:
    """Fills the templates of a dvc.yaml; each stage when it is asked for.

    Args:
        definition: The dvc.yaml.
    """

    def __init__(self, definition: Definition) -> None:
        self._of = definition
        self._groups: dict[str, _Group] = {}

    def keys(self, name: str) -> list[str]:
        """The keys of the stages that a foreach or matrix makes.

        Raises:
            InvalidInput: If what it runs over cannot be resolved.
        """
        return list(self._group(name).items)

    def entry(self, name: str) -> Entry:
        """The stage of a full name, which is there.

        Raises:
            InvalidInput: If a template cannot be filled.
        """
        if name in self._of.raw_stages:
            return self._resolved(name, "", self._of.raw_stages[name], self._context, ("stages", name))
        group_name, _, key = name.rpartition(JOIN)
        group = self._group(group_name)
        item = group.items[key]
        values: dict[str, Any] = {"item": item.value} | ({"key": key} if group.with_key else {})
        aliases: dict[str, Mapping[Path, Path]] = {"item": item.aliases} | ({"key": {}} if group.with_key else {})
        return self._resolved(name, group_name, group.template, self._context.with_items(values, aliases), group.at)

    def filled(self, value: Any, at: tuple[str | int, ...]) -> Any:
        """A value of a section at the top with its templates filled.

        Args:
            value: The value.
            at: The keys that lead to it.

        Raises:
            InvalidInput: If one cannot be filled.
        """
        try:
            check(value)
            return self._context.resolve(value, "")
        except TemplateMistake as mistake:
            raise self._mistake(str(mistake), at) from mistake

    @cached_property
    def _context(self) -> Context:
        context = Context(Unpacking(*self._of.unpacking))
        try:
            default = posixpath.join(self._of.folder, DEFAULT_FILE)
            if self._is_there(default):
                context.add_file(default, self._of.shown(default), (), self._of.files.load)
            self._add_vars(context, self._of.data.get("vars") or [], self._of.folder, "vars")
        except TemplateMistake as mistake:
            raise self._mistake(str(mistake), ("vars",)) from mistake
        return context

    def _is_there(self, path: str) -> bool:
        try:
            self._of.files.load(path)
        except FileNotFoundError:
            return False
        except IsADirectoryError:
            return True
        return True

    def _add_vars(self, context: Context, values: Sequence[Any], folder: str, name: str) -> None:
        for index, value in enumerate(values):
            if has_template(value):
                msg = "interpolating is not allowed. Values of 'vars' are taken as they stand."
                raise TemplateMistake(msg)
            if isinstance(value, Mapping):
                context.add_values(value, f"{name}[{index}]")
            else:
                path, _, keys = value.partition(":")
                absolute = posixpath.normpath(posixpath.join(folder, path))
                context.add_file(
                    absolute, self._of.shown(absolute), [key for key in keys.split(",") if key], self._of.files.load
                )

    def _group(self, name: str) -> _Group:
        if name not in self._groups:
            raw = self._of.raw_stages[name]
            self._groups[name] = self._foreach(name, raw) if "foreach" in raw else self._matrix(name, raw)
        return self._groups[name]

    def _foreach(self, name: str, raw: Mapping[str, Any]) -> _Group:
        at = ("stages", name, "foreach")
        iterated = self._iterated(raw["foreach"], at)
        data = iterated.data
        if isinstance(data, Mapping):
            items = {shown(key): _Item(value, _within(iterated, str(key))) for key, value in data.items()}
        elif isinstance(data, (list, tuple)):
            by_index = any(isinstance(value, (Mapping, list, tuple)) for value in data)
            items = {
                str(index) if by_index else shown(value): _Item(value, _within(iterated, str(index)))
                for index, value in enumerate(data)
            }
        else:
            msg = f"expected list/dictionary, got {type(data).__name__}. Give foreach several values."
            raise self._mistake(msg, at)
        self._warn_of_hidden(name, ["item", "key"] if isinstance(data, Mapping) else ["item"])
        return _Group(raw["do"], items, isinstance(data, Mapping), ("stages", name, "do"))

    def _matrix(self, name: str, raw: Mapping[str, Any]) -> _Group:
        at = ("stages", name, "matrix")
        iterated = self._iterated(raw["matrix"], at)
        for axis, values in iterated.data.items():
            if not isinstance(values, (list, tuple, Mapping)):
                msg = f"expected list, got {type(values).__name__}. Give the axis {axis!r} a list of values."
                raise self._mistake(msg, (*at, axis))
        items = {}
        for chosen in itertools.product(*(enumerate(values) for values in iterated.data.values())):
            picked = dict(zip(iterated.data, chosen, strict=True))
            key = "-".join(
                f"{axis}{index}" if isinstance(value, (Mapping, list, tuple)) else shown(value)
                for axis, (index, value) in picked.items()
            )
            aliases = {
                (axis, *path): origin
                for axis, (index, _) in picked.items()
                for path, origin in _within(iterated, axis, str(index)).items()
            }
            items[key] = _Item({axis: value for axis, (_, value) in picked.items()}, aliases)
        self._warn_of_hidden(name, ["key", "item"])
        template = {key: value for key, value in raw.items() if key != "matrix"}
        return _Group(template, items, with_key=True, at=("stages", name))

    def _iterated(self, value: Any, at: Path) -> Iterated:
        try:
            return self._context.resolve_iterated(value)
        except TemplateMistake as mistake:
            raise self._mistake(str(mistake), at) from mistake

    def _warn_of_hidden(self, name: str, given: Sequence[str]) -> None:
        hidden = [key for key in given if key in self._context.data]
        if hidden:
            verb = "is" if len(hidden) == 1 else "are"
            self._of.warnings.append(
                f"{' and '.join(hidden)} {verb} already specified, will be overwritten for stages generated from '{name}'"
            )

    def _resolved(self, name: str, group: str, raw: Mapping[str, Any], context: Context, at: Path) -> Entry:
        context = context.child() if raw.get("vars") else context.with_items({}, context.items)
        key = ""
        try:
            for field_name, value in raw.items():
                key = field_name
                check(value)
            key = "vars"
            self._add_vars(context, raw.get("vars") or [], self._working_folder(raw, context), f"{name}.vars")
            resolved = {}
            for field_name, value in raw.items():
                key = field_name
                if key != "vars":
                    resolved[key] = context.resolve(value, key)
        except TemplateMistake as mistake:
            raise self._mistake(str(mistake), (*at, key), name) from mistake
        return Entry(name, group, resolved, bool(group) or resolved != raw, context.used)

    def _working_folder(self, raw: Mapping[str, Any], context: Context) -> str:
        if not raw.get("vars"):
            return self._of.folder
        return posixpath.join(self._of.folder, shown(context.resolve(raw.get("wdir", "."), "wdir")))

    def _mistake(self, reason: str, at: Sequence[str | int], stage: str = "") -> InvalidInput:
        made = f"of stage '{stage}' " if stage and stage not in at else ""
        return mistake_in(self._of.file, self._of.text.encode(), at, f"{made}cannot be used: {reason}")


def _within(iterated: Iterated, *place: str) -> dict[Path, Path]:
    """The aliases of the part of what is iterated that stands at `place`, seen from there."""
    found = {}
    for path, origin in iterated.aliases.items():
        if path[: len(place)] == place:
            found[path[len(place) :]] = origin
        elif place[: len(path)] == path:
            found[()] = (*origin, *place[len(path) :])
    return found
