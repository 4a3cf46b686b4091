"""The drawn tree of errors: what each one carries, and that it survives the wire."""

from __future__ import annotations

import inspect
import pickle
import re

import pytest

from treering.core import errors
from treering.core.errors import TreeringError, Unavailable, error_for

CLASSES = [value for value in vars(errors).values() if inspect.isclass(value) and issubclass(value, TreeringError)]
DRAWN = re.findall(r"^[ │├└─]*(\w+)(?: \((\w+)\))? +([A-Z_]+) +(\d{3})$", errors.__doc__ or "", re.MULTILINE)


def test_the_drawing_shows_every_class_with_its_code_and_status() -> None:
    assert {(cls.__name__, cls.code, cls.status) for cls in CLASSES} == {
        (name, code, int(status)) for name, _, code, status in DRAWN
    }


@pytest.mark.parametrize(("name", "builtin"), [(name, builtin) for name, builtin, _, _ in DRAWN if builtin])
def test_a_fitting_builtin_is_the_second_parent(name: str, builtin: str) -> None:
    assert issubclass(getattr(errors, name), getattr(__import__("builtins"), builtin))


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_code_and_status_bring_back_an_error_that_is_caught_the_same(cls: type[TreeringError]) -> None:
    rebuilt = error_for(cls.code, "what, why, what next", cls.status)
    assert str(rebuilt) == rebuilt.message == "what, why, what next"
    assert (rebuilt.code, rebuilt.status) == (cls.code, cls.status)
    # A code that several classes share becomes the one that all of them are.
    assert issubclass(cls, type(rebuilt))


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, errors.InvalidInput),
        (401, errors.Unauthenticated),
        (403, errors.PermissionDenied),
        (404, errors.NotFound),
        (405, errors.WrongMethod),
        (409, errors.Conflict),
        (413, errors.TooLarge),
        (415, errors.UnsupportedMediaType),
        (429, errors.Unavailable),
        (502, errors.Unavailable),
        (503, errors.Unavailable),
        (504, errors.DeadlineExceeded),
        (507, errors.StorageFull),
        (418, TreeringError),
        (500, TreeringError),
    ],
)
def test_an_unknown_code_falls_back_to_the_status(status: int, expected: type[TreeringError]) -> None:
    assert type(error_for("SOMETHING_NEW", "no", status)) is expected


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_errors_cross_processes(cls: type[TreeringError]) -> None:
    copy = pickle.loads(pickle.dumps(cls("the message: ünïcode")))
    assert type(copy) is cls
    assert str(copy) == copy.message == "the message: ünïcode"


def test_messages_with_two_words_are_not_taken_for_an_errno() -> None:
    error = errors.StorageFull("No space left on the disk of /data.")
    assert str(error) == "No space left on the disk of /data."
    assert isinstance(error, OSError)


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("https://ada:s3cr@t@host:1/x is away", "https://ada:***@host:1/x is away"),
        ("s3://key:pass/b and ftp://:p@h, twice ftp://u:p@h", "s3://key:pass/b and ftp://:***@h, twice ftp://u:***@h"),
        ("wasbs://container@account/x, ssh://git@host:22/x, a@b", None),
        ("http://host:80/path@x", None),
    ],
)
def test_no_message_tells_a_password(message: str, told: str | None) -> None:
    error = Unavailable(message)
    assert error.message == str(error) == error.args[0] == (told or message)
