"""What a service tells of its methods, as its clients know them."""

from __future__ import annotations

from typing import Any

import msgspec

from treering.core.errors import NotSupported

__all__ = ["Endpoint", "endpoints_of"]


class Endpoint(msgspec.Struct, frozen=True):
    """A method that can be called.

    Attributes:
        route: Where it answers.
        input: The schema of its arguments.
        output: The schema of its value.
    """

    name: str
    route: str
    input: dict[str, Any] = {}
    output: dict[str, Any] = {}
    doc: str | None = None
    is_task: bool = False
    batchable: bool = False

    @property
    def is_stream(self) -> bool:
        """Whether it answers piece by piece."""
        return bool(self.output.get("is_stream", False))

    @property
    def has_root(self) -> bool:
        """Whether its only argument is the body itself."""
        return bool(self.input.get("root_input", False))

    @property
    def arguments(self) -> dict[str, Any]:
        """The schemas of its arguments by their names, in order."""
        return dict(self.input.get("properties", {}))

    @property
    def needed(self) -> set[str]:
        """The arguments that have no default."""
        return set(self.input.get("required", []))


class _Schema(msgspec.Struct):
    routes: list[Endpoint]
    name: str = ""


def endpoints_of(schema: bytes) -> dict[str, Endpoint]:
    """The methods by their names.

    Raises:
        NotSupported: If this is no schema of a service.
    """
    try:
        found = msgspec.json.decode(schema, type=_Schema)
    except msgspec.DecodeError as error:
        msg = f"What answers at /schema.json is no service: {error}."
        raise NotSupported(msg) from error
    return {one.name: one for one in found.routes}
