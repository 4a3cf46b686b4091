"""One dvc.yaml: read, checked, its stages by name with all templates filled.

Stages are resolved one by one when they are asked for, so that a mistake in one
does not hide the others. What a stage means for the repository (paths, locks) is
no matter of this module: `stages.py` makes it of what is resolved here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any

from treering.core.errors import InvalidInput
from treering.pipelines.params import ParamFiles
from treering.pipelines.schema import SchemaMistake, check_definition
from treering.versioning.documents import mistake_in, parse_yaml

if TYPE_CHECKING:
    from treering.pipelines.filling import Filler

__all__ = ["JOIN", "Definition", "Entry", "parse_definition"]

_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_FLOW_TEMPLATE = re.compile(r"(?<!\$)[\[{][^#]*\$\{")
JOIN = "@"
"""Stands between the name of a foreach or matrix and the key of a stage that it makes."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A stage with its templates filled: what stands in dvc.yaml, as plain data.

    Attributes:
        name: With the key, for a stage that foreach or matrix made: `train@lr-0.1`.
        group: The name in dvc.yaml of the foreach or matrix; "" for others.
        data: The keys of a stage: cmd, deps, outs ..., without `vars`, `foreach` and `matrix`.
        templated: Whether there was a template at all; a stage with templates is not written back.
        used: The values that templates named, by file and path.
    """

    name: str
    group: str
    data: Mapping[str, Any]
    templated: bool
    used: Mapping[str, Mapping[str, Any]]


@dataclass(eq=False)
class Definition:
    """A dvc.yaml.

    Attributes:
        file: Its path relative to the root of the repository, with slashes: what messages call it.
        text: What stands in it.
        data: The same, checked, templates not filled.
        files: Where params.yaml and the files of `vars` are read.
        folder: The absolute path of the folder it is in.
        unpacking: How mappings become options in commands, as `templating.Unpacking`.
        shown: The name that messages, and `Entry.used`, give an absolute path.
        warnings: What was strange and yet done.
    """

    file: str
    text: str
    data: Mapping[str, Any]
    files: ParamFiles
    folder: str
    unpacking: tuple[str, str] = ("store_true", "nargs")
    shown: Callable[[str], str] = str
    warnings: list[str] = field(default_factory=list)

    @property
    def raw_stages(self) -> Mapping[str, Mapping[str, Any]]:
        """What stands under `stages`, templates not filled, foreach and matrix not unfolded."""
        found: Mapping[str, Mapping[str, Any]] = self.data.get("stages") or {}
        return found

    def names(self) -> list[str]:
        """All stages, in the order in which they stand there; of a foreach or matrix those that it makes.

        Raises:
            InvalidInput: If what one of them runs over cannot be resolved.
        """
        return [full for name in self.raw_stages for full in self.members(name)]

    def members(self, name: str) -> list[str]:
        """The stages of a name in dvc.yaml: itself, or what its foreach or matrix makes; none for an unknown name."""
        if name not in self.raw_stages:
            return []
        if not self.is_group(name):
            return [name]
        return [f"{name}{JOIN}{key}" for key in self._filler.keys(name)]

    def is_group(self, name: str) -> bool:
        """Whether a name in dvc.yaml is a foreach or a matrix."""
        raw = self.raw_stages.get(name, {})
        return "foreach" in raw or "matrix" in raw

    def has(self, name: str) -> bool:
        """Whether there is a stage of this full name."""
        if name in self.raw_stages:
            return not self.is_group(name)
        group, _, key = name.rpartition(JOIN)
        return bool(group) and self.is_group(group) and key in self._filler.keys(group)

    def entry(self, name: str) -> Entry:
        """The stage of a full name, which `has` says is there.

        Raises:
            InvalidInput: If a template cannot be filled.
        """
        raw = self.raw_stages.get(name)
        if raw is not None and self._is_plain and "vars" not in raw:
            return Entry(name, "", raw, templated=False, used={})
        return self._filler.entry(name)

    def top(self, section: str) -> list[Any]:
        """A list at the top, `plots`, `metrics`, `params` or `datasets`, templates filled.

        Raises:
            InvalidInput: If a template cannot be filled.
        """
        return [self._filled(one, (section, index)) for index, one in enumerate(self.data.get(section) or [])]

    def artifacts(self) -> dict[str, Any]:
        """The artifacts by name, templates filled, also in the names.

        Raises:
            InvalidInput: If a template cannot be filled.
        """
        return {
            str(self._filled(name, ("artifacts", name))): self._filled(one, ("artifacts", name))
            for name, one in (self.data.get("artifacts") or {}).items()
        }

    def _filled(self, value: Any, at: tuple[str | int, ...]) -> Any:
        return value if self._is_plain else self._filler.filled(value, at)

    @cached_property
    def _is_plain(self) -> bool:
        # Without templates, there is nobody who asks for values; params.yaml need not even be read.
        return "${" not in self.text and "vars" not in self.data

    @cached_property
    def _filler(self) -> Filler:
        made: Filler = import_module("treering.pipelines.filling").Filler(self)
        return made


def parse_definition(text: bytes, file: str) -> Any:
    """What stands in a dvc.yaml, as plain data whose shape is right.

    Args:
        text: Its bytes.
        file: What messages call it.

    Raises:
        InvalidInput: If it is no YAML or of another shape.
    """
    try:
        written = text.decode()
    except UnicodeDecodeError as error:
        msg = f"'{file}' is not text in UTF-8. Convert it."
        raise InvalidInput(msg) from error
    try:
        data = parse_yaml(written, file)
    except InvalidInput as error:
        raise _with_hint(error, written) from error
    try:
        check_definition({} if data is None else data)
    except SchemaMistake as mistake:
        raise mistake_in(file, text, mistake.at, str(mistake)) from mistake
    return data or {}


def _with_hint(error: InvalidInput, text: str) -> InvalidInput:
    for number, line in enumerate(text.splitlines(), start=1):
        if _FLOW_TEMPLATE.search(_QUOTED.sub("", line)):
            msg = (
                f"{error} Line {number} has a template inside of brackets, where YAML takes the braces for its own:"
                f' put it in quotes, as in ["${{item}}"].'
            )
            return InvalidInput(msg)
    return error
