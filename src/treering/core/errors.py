"""Every error that Treering raises on purpose.

The tree, with the code that travels over the wire and the HTTP status:

    TreeringError                       INTERNAL_ERROR             500
    ├─ InvalidInput (ValueError)        INVALID_PARAMETER_VALUE    400
    │  ├─ BadFilter                     INVALID_PARAMETER_VALUE    400
    │  ├─ MalformedRequest              BAD_REQUEST                400
    │  ├─ OutOfRange                    OUT_OF_RANGE               416
    │  ├─ UnsupportedMediaType          UNSUPPORTED_MEDIA_TYPE     415
    │  └─ TooLarge                      REQUEST_TOO_LARGE          413
    ├─ NotFound (LookupError)           RESOURCE_DOES_NOT_EXIST    404
    │  ├─ UnknownEndpoint               ENDPOINT_NOT_FOUND         404
    │  ├─ WrongMethod                   METHOD_NOT_ALLOWED         405
    │  └─ UnknownPlugin                 RESOURCE_DOES_NOT_EXIST    404
    ├─ AlreadyExists                    RESOURCE_ALREADY_EXISTS    400
    ├─ Conflict                         RESOURCE_CONFLICT          409
    ├─ Unauthenticated                  UNAUTHENTICATED            401
    ├─ PermissionDenied (PermissionError) PERMISSION_DENIED        403
    ├─ NotSupported                     NOT_IMPLEMENTED            501
    │  └─ MissingExtra (ImportError)    NOT_IMPLEMENTED            501
    ├─ Unavailable (ConnectionError)    TEMPORARILY_UNAVAILABLE    503
    ├─ DeadlineExceeded (TimeoutError)  DEADLINE_EXCEEDED          504
    ├─ StorageFull (OSError)            STORAGE_FULL               507
    ├─ DamagedData                      DATA_LOSS                  500
    └─ SchemaMismatch                   INVALID_STATE              500

A message names the thing, the reason and the next step. Foreign errors are
translated into these where they enter, with `from`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

__all__ = [
    "AlreadyExists",
    "BadFilter",
    "Conflict",
    "DamagedData",
    "DeadlineExceeded",
    "FilterMistake",
    "InvalidInput",
    "MalformedRequest",
    "MissingExtra",
    "MlflowException",
    "NotFound",
    "NotSupported",
    "OutOfRange",
    "PermissionDenied",
    "SchemaMismatch",
    "StorageFull",
    "TooLarge",
    "TreeringError",
    "Unauthenticated",
    "Unavailable",
    "UnknownEndpoint",
    "UnknownPlugin",
    "UnsupportedMediaType",
    "WrongMethod",
    "error_for",
    "without_passwords",
]

_PASSWORD = re.compile(r"(?<=://)([^\s/:@]*):[^\s/]*@")


def without_passwords(text: str) -> str:
    """The text with stars for the password of each URL in it: what is told may be written into a log."""
    return _PASSWORD.sub(r"\1:***@", text) if "@" in text else text


class TreeringError(Exception):
    """Root of all errors that Treering raises on purpose."""

    code: ClassVar[str] = "INTERNAL_ERROR"
    status: ClassVar[int] = 500

    def __init__(self, message: str, error_code: str | None = None) -> None:
        # MLflow's users raise the root with other things than texts.
        message = without_passwords(message) if isinstance(message, str) else message  # type: ignore[redundant-expr]  # see above
        super().__init__(message)
        self.message = message
        self.error_code = error_code or self.code
        """The code under MLflow's name; another one than the class's where MLflow's users raise the root with it."""

    def __str__(self) -> str:
        return self.message


MlflowException = TreeringError
"""The name under which MLflow's users catch it."""


class InvalidInput(TreeringError, ValueError):
    """What was asked for cannot be done as it was written."""

    code = "INVALID_PARAMETER_VALUE"
    status = 400


@dataclass(frozen=True, slots=True)
class FilterMistake:
    """Where a search filter, or a term of an ordering, goes wrong: for programs that underline it.

    Attributes:
        text: What was asked, whole.
        start: The first wrong character, counted from 0 in code points; the length of `text` where something is missing.
        end: Just behind the last wrong one.
        reason: The message without the lines that show the place.
        expected: What could stand there, as it would be written; nothing where that is no short list.
    """

    text: str
    start: int
    end: int
    reason: str
    expected: tuple[str, ...] = ()


class BadFilter(InvalidInput):
    """A search filter or ordering that cannot be understood; the message points at the character.

    Attributes:
        mistake: The place, for programs; None where a server did not tell it.
    """

    def __init__(self, message: str, mistake: FilterMistake | None = None) -> None:
        super().__init__(message)
        self.mistake = mistake


class MalformedRequest(InvalidInput):
    """A request body that is not what its content type says."""

    code = "BAD_REQUEST"


class UnsupportedMediaType(InvalidInput):
    """A request body of a content type that the endpoint does not read."""

    code = "UNSUPPORTED_MEDIA_TYPE"
    status = 415


class TooLarge(InvalidInput):
    """A request body, name or value above its limit."""

    code = "REQUEST_TOO_LARGE"
    status = 413


class OutOfRange(InvalidInput):
    """A part of a file was asked for that begins behind its end."""

    code = "OUT_OF_RANGE"
    status = 416


class NotFound(TreeringError, LookupError):
    """The thing asked for does not exist."""

    code = "RESOURCE_DOES_NOT_EXIST"
    status = 404


class UnknownEndpoint(NotFound):
    """No endpoint answers at this path."""

    code = "ENDPOINT_NOT_FOUND"


class WrongMethod(NotFound):
    """An endpoint answers at this path, but not to this method."""

    code = "METHOD_NOT_ALLOWED"
    status = 405


class UnknownPlugin(NotFound):
    """No driver of this name; the message lists the known ones."""


class AlreadyExists(TreeringError):
    """The name is taken."""

    code = "RESOURCE_ALREADY_EXISTS"
    status = 400


class Conflict(TreeringError):
    """Somebody else changed the thing in between, or holds it."""

    code = "RESOURCE_CONFLICT"
    status = 409


class Unauthenticated(TreeringError):
    """Who is asking is not known."""

    code = "UNAUTHENTICATED"
    status = 401


class PermissionDenied(TreeringError, PermissionError):
    """Who is asking is known, and may not."""

    code = "PERMISSION_DENIED"
    status = 403


class NotSupported(TreeringError):
    """A thing that this driver, server or build cannot do."""

    code = "NOT_IMPLEMENTED"
    status = 501


class MissingExtra(NotSupported, ImportError):
    """An optional package is not installed; the message names the extra."""


class Unavailable(TreeringError, ConnectionError):
    """A database, store or server cannot be reached now; trying again may help."""

    code = "TEMPORARILY_UNAVAILABLE"
    status = 503


class DeadlineExceeded(TreeringError, TimeoutError):
    """The work was not done in the time allowed."""

    code = "DEADLINE_EXCEEDED"
    status = 504


class StorageFull(TreeringError, OSError):
    """The disk or quota is full; nothing was half-written."""

    code = "STORAGE_FULL"
    status = 507


class DamagedData(TreeringError):
    """Stored bytes do not match their checksum or their format."""

    code = "DATA_LOSS"
    status = 500


class SchemaMismatch(TreeringError):
    """The database has a schema that this version of Treering does not read."""

    code = "INVALID_STATE"
    status = 500


# Several classes share a code; the first one listed is what a code read off the wire becomes.
_BY_CODE: dict[str, type[TreeringError]] = {
    cls.code: cls
    for cls in (
        TreeringError,
        SchemaMismatch,
        DamagedData,
        StorageFull,
        DeadlineExceeded,
        Unavailable,
        NotSupported,
        PermissionDenied,
        Unauthenticated,
        Conflict,
        AlreadyExists,
        WrongMethod,
        UnknownEndpoint,
        NotFound,
        OutOfRange,
        TooLarge,
        UnsupportedMediaType,
        MalformedRequest,
        InvalidInput,
    )
}

_BY_STATUS: dict[int, type[TreeringError]] = {
    400: InvalidInput,
    401: Unauthenticated,
    403: PermissionDenied,
    404: NotFound,
    405: WrongMethod,
    409: Conflict,
    413: TooLarge,
    416: OutOfRange,
    415: UnsupportedMediaType,
    429: Unavailable,
    501: NotSupported,
    502: Unavailable,
    503: Unavailable,
    504: DeadlineExceeded,
    507: StorageFull,
}


def error_for(code: str, message: str, status: int = 500) -> TreeringError:
    """Rebuild the error that a server answered with.

    An unknown code falls back to the class for its HTTP status, then to the root.
    """
    cls = _BY_CODE.get(code) or _BY_STATUS.get(status, TreeringError)
    return cls(message)
