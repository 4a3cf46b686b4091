"""`args = treering.use_arguments(Settings)`: values that whoever serves or packs a service gives it, by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import msgspec

from treering.core.errors import InvalidInput
from treering.serving.services.kinds.choosing import kind_of

__all__ = ["ARGUMENTS", "Arguments", "use_arguments"]


class Arguments:
    """What was given to this process: it serves one service.

    Attributes:
        given: Texts, as a command line has them, or values as a file has them.
    """

    def __init__(self) -> None:
        self.given: dict[str, Any] = {}


ARGUMENTS = Arguments()


def use_arguments(kind: Any = None) -> Any:
    """The values that were given with `treering serve --arg name=value`, or when the service was packed.

    Args:
        kind: A model of Pydantic, a dataclass or a `msgspec.Struct`, whose defaults stand for what was not given.
            Without it, all that was given, as attributes.

    Raises:
        InvalidInput: If a value is missing or does not fit.
    """
    given: Mapping[str, Any] = ARGUMENTS.given
    if kind is None:
        return SimpleNamespace(**given)
    found = kind_of(kind)
    try:
        raw = msgspec.Raw(msgspec.json.encode(given)) if found.wire is msgspec.Raw else dict(given)
        return found.load(raw, str)
    except InvalidInput as error:
        msg = f"The service's arguments do not fit: {error} Give them with --arg name=value."
        raise InvalidInput(msg) from error
