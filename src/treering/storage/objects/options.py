"""What a caller says about one place where a store is opened, beside the settings of the whole machine.

A driver declares what it can be told as a frozen class with defaults; a caller gives
a mapping, in which a wrong name or a value of a wrong form is refused by its name.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from types import UnionType
from typing import Any, Protocol, TypeVar, get_args, get_type_hints

from treering.core.errors import InvalidInput
from treering.storage.objects.base import ObjectStore

__all__ = ["NoOptions", "Opener", "Options", "told"]

Options = Mapping[str, Any]
"""Names and values; what is not given stays as the settings and the driver's library have it."""


class Opener(Protocol):
    """A row of the table of stores. Other people's rows need to take options only if they know some."""

    def __call__(self, uri: str, options: Options | None = None, /) -> ObjectStore:
        """Open the place at `uri`."""
        ...


@dataclasses.dataclass(frozen=True, slots=True)
class NoOptions:
    """Of a store that can be told nothing."""


Declared = TypeVar("Declared")


def told(kind: type[Declared], options: Options | None, place: str) -> Declared:
    """What was given, as the class of a driver has it.

    Texts become numbers and truth values where those are declared, as they come out of configuration files.

    Args:
        kind: A dataclass whose fields all have defaults.
        place: What is opened, for messages.

    Raises:
        InvalidInput: If there is no such option, or a value does not have the form that it needs.
    """
    if not options:
        return kind()
    types = _types(kind)
    unknown = sorted(set(options) - set(types))
    if unknown:
        known = ", ".join(sorted(types)) or "none"
        msg = f"{place} cannot be opened with {unknown[0]!r}. What it can be told: {known}."
        raise InvalidInput(msg)
    given = {name: value for name, value in options.items() if value is not None}
    return kind(**{name: _as(types[name], name, value, place) for name, value in given.items()})


def _types(kind: type[Any]) -> dict[str, Any]:
    return {name: hint for name, hint in get_type_hints(kind).items() if not name.startswith("_")}


def _as(wanted: Any, name: str, value: Any, place: str) -> Any:
    kinds = get_args(wanted) if isinstance(wanted, UnionType) else (wanted,)
    if bool in kinds and isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    for kind in kinds:
        plain = getattr(kind, "__origin__", kind)
        if isinstance(plain, type) and isinstance(value, plain) and not (isinstance(value, bool) and plain is not bool):
            return value
    for kind in kinds:
        if kind in (int, float, str) and isinstance(value, int | float | str) and not isinstance(value, bool):
            try:
                return kind(value)
            except ValueError:
                continue
    names = " or ".join(getattr(kind, "__name__", str(kind)) for kind in kinds if kind is not type(None))
    msg = f"{name} of {place} is {value!r}, where {names} is needed. Correct it."
    raise InvalidInput(msg)
