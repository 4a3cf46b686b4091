"""Every error, under its own name and, for services written for BentoML, under BentoML's.

    BentoMLException                  500, or what its `error_code` says
    ├─ InvalidArgument ─ BadInput     400
    ├─ UnprocessableEntity            422
    ├─ ServiceUnavailable             503
    └─ InternalServerError, BentoMLConfigException, MissingDependencyException ...

A service raises them; a client that calls it gets them again.
"""

from __future__ import annotations

from http import HTTPStatus

from treering.core.errors import (
    AlreadyExists,
    BadFilter,
    Conflict,
    DamagedData,
    DeadlineExceeded,
    FilterMistake,
    InvalidInput,
    MalformedRequest,
    MissingExtra,
    MlflowException,
    NotFound,
    NotSupported,
    OutOfRange,
    PermissionDenied,
    SchemaMismatch,
    StorageFull,
    TooLarge,
    TreeringError,
    Unauthenticated,
    Unavailable,
    UnknownEndpoint,
    UnknownPlugin,
    UnsupportedMediaType,
    WrongMethod,
    error_for,
    without_passwords,
)

__all__ = [
    "AlreadyExists",
    "BadFilter",
    "BadInput",
    "BentoMLConfigException",
    "BentoMLException",
    "Conflict",
    "DamagedData",
    "DeadlineExceeded",
    "FilterMistake",
    "ImportServiceError",
    "InternalServerError",
    "InvalidArgument",
    "InvalidInput",
    "MalformedRequest",
    "MissingDependencyException",
    "MissingExtra",
    "MlflowException",
    "NotFound",
    "NotSupported",
    "OutOfRange",
    "PermissionDenied",
    "SchemaMismatch",
    "ServiceUnavailable",
    "StorageFull",
    "TooLarge",
    "TreeringError",
    "Unauthenticated",
    "Unavailable",
    "UnknownEndpoint",
    "UnknownPlugin",
    "UnprocessableEntity",
    "UnsupportedMediaType",
    "WrongMethod",
    "error_for",
    "without_passwords",
]


class BentoMLException(TreeringError):
    """An error whose status is that of the answer. A class of a user's own sets `error_code`."""

    error_code: HTTPStatus = HTTPStatus.INTERNAL_SERVER_ERROR  # type: ignore[assignment]  # BentoML's meaning of the name

    def __init__(self, message: str, *, error_code: HTTPStatus | None = None) -> None:
        said = error_code or type(self).error_code
        super().__init__(message)
        self.error_code = HTTPStatus(said)
        self.status = int(said)  # type: ignore[misc]  # each error has its own here


class InvalidArgument(BentoMLException):
    """What a client sent does not fit."""

    error_code = HTTPStatus.BAD_REQUEST


class BadInput(InvalidArgument):
    """What a client sent does not fit."""


class UnprocessableEntity(BentoMLException):
    """What a client sent is well-formed and makes no sense."""

    error_code = HTTPStatus.UNPROCESSABLE_ENTITY


class ServiceUnavailable(BentoMLException):
    """The service cannot answer now."""

    error_code = HTTPStatus.SERVICE_UNAVAILABLE


class InternalServerError(BentoMLException):
    """The service failed."""


class BentoMLConfigException(BentoMLException):
    """The service is configured wrongly."""


class MissingDependencyException(BentoMLException):
    """A package is missing."""


class ImportServiceError(BentoMLException):
    """The service's file cannot be imported."""
