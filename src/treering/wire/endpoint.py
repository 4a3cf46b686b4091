"""How an endpoint is declared: once, as a value that server, client, permissions and docs all read."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, Literal, TypeVar

import msgspec

__all__ = ["USER_HEADER", "Empty", "Endpoint", "Permission", "Stream"]

USER_HEADER = "X-Treering-User"
"""Who acts, for records and without proof: percent-encoded in UTF-8."""

Request = TypeVar("Request")
Response = TypeVar("Response")

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


class Permission(StrEnum):
    """What a caller must be allowed to do before a handler runs."""

    OPEN = "open"
    READ_EXPERIMENTS = "experiments:read"
    EDIT_EXPERIMENTS = "experiments:edit"
    READ_MODELS = "models:read"
    EDIT_MODELS = "models:edit"
    READ_SERVER = "server:read"
    ADMINISTER = "server:administer"


class Empty(msgspec.Struct, frozen=True):
    """A request or answer without fields."""


class Stream(msgspec.Struct, frozen=True):
    """Stands for a body of raw bytes; such a handler reads or writes the stream itself."""


@dataclass(frozen=True, slots=True)
class Endpoint(Generic[Request, Response]):
    """One thing that can be asked of a server.

    Fields of `request` named in `path` travel there; of the others, GET and DELETE
    send them as a query string and the rest as the body.

    Attributes:
        name: Unique; in the native API also the `operationId`, such as `runs.get`.
        path: With `{field}` for what travels in the path; `{field:path}` may hold slashes.
        summary: One line for the API's description.
        aliases: Further paths where the same handler answers.
        query: Fields of `request` that travel in the query string although the method has a body.
        packed: Whether large answers are compressed also for callers on the server's own machine.
    """

    name: str
    method: Method
    path: str
    request: type[Request]
    response: type[Response]
    permission: Permission
    summary: str = ""
    aliases: tuple[str, ...] = ()
    query: tuple[str, ...] = field(default=())
    packed: bool = False

    @property
    def path_fields(self) -> tuple[str, ...]:
        """The fields that travel in the path, in order."""
        return tuple(re.findall(r"{(\w+)(?::\w+)?}", self.path))
