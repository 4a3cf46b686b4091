"""Which fields of a request travel in the path, which in the query string and which in the body."""

from __future__ import annotations

import typing
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields, is_dataclass
from typing import Any

import msgspec

from treering.wire.endpoint import Endpoint, Stream

__all__ = ["Field", "Shape", "shape_of"]


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a request.

    Attributes:
        default: What it is where it is not given; `msgspec.NODEFAULT` where it must be.
        many: Whether a query string may give it several times.
    """

    name: str
    type: Any
    default: Any

    @property
    def required(self) -> bool:
        """Whether it must be given."""
        return self.default is msgspec.NODEFAULT

    @property
    def many(self) -> bool:
        """Whether a query string may give it several times."""
        return typing.get_origin(self.type) is Sequence


@dataclass(frozen=True, slots=True)
class Shape:
    """Where the fields of one endpoint's request travel.

    Attributes:
        body: The type that the body has; None where there is none. It is the request's
            own where nothing travels in path and query.
        body_fields: The names of the fields in it.
    """

    path: Mapping[str, Field]
    query: Mapping[str, Field]
    body: Any
    body_fields: tuple[str, ...]


def shape_of(endpoint: Endpoint[Any, Any]) -> Shape:
    """Read the shape off the declaration.

    Raises:
        ValueError: If the path or `query` names a field that the request does not have.
    """
    known = {} if endpoint.request is Stream else {item.name: item for item in _fields(endpoint.request)}
    if unknown := [name for name in (*endpoint.path_fields, *endpoint.query) if name not in known]:
        msg = f"Endpoint {endpoint.name} names {', '.join(unknown)}, which {endpoint.request.__name__} does not have."
        raise ValueError(msg)
    path = {name: known.pop(name) for name in endpoint.path_fields}
    bodiless = endpoint.method in {"GET", "DELETE"}
    query = {name: item for name, item in known.items() if bodiless or name in endpoint.query}
    body = [item for name, item in known.items() if name not in query]
    if not body:
        kind = None
    elif path or query:
        kind = _part(endpoint.request, body)
    else:
        kind = endpoint.request
    return Shape(path, query, kind, tuple(item.name for item in body))


def _fields(request: type) -> list[Field]:
    types = typing.get_type_hints(request)
    if is_dataclass(request):
        return [
            Field(item.name, types[item.name], _default(item.default, item.default_factory)) for item in fields(request)
        ]
    return [
        Field(item.name, types[item.name], _default(item.default, item.default_factory))
        for item in msgspec.structs.fields(request)
    ]


def _default(value: Any, factory: Any) -> Any:
    none = (MISSING, msgspec.NODEFAULT)
    if factory not in none:
        return factory()
    return msgspec.NODEFAULT if value in none else value


def _part(request: type, body: Sequence[Field]) -> Any:
    """A type with only those fields of `request` that travel in the body, under the same name."""
    return msgspec.defstruct(
        request.__name__,
        [(item.name, item.type) if item.required else (item.name, item.type, item.default) for item in body],
        namespace={"__doc__": request.__doc__},
        frozen=True,
    )
