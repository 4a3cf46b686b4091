"""What goes wrong with a repository of data versions, each with the exit status that DVC gives it.

    NotARepository (NotFound)             253
    ConfigMistake (InvalidInput)          251
    └─ UnknownRemote                      251
    NotTracked (NotFound)                 255
    OutOfBounds (InvalidInput)            255
    OutputClash (Conflict)                255
    CheckoutFailed (Conflict)             255
    RulesInside (InvalidInput)            255
    Busy (Unavailable)                    255
    GitFailed (TreeringError)             255
    └─ UnknownRevision (NotFound)         255

Every other error of Treering ends `treering dvc` with 255, too.
"""

from __future__ import annotations

from collections.abc import Sequence

from treering.core.errors import Conflict, InvalidInput, NotFound, TreeringError, Unavailable

__all__ = [
    "Busy",
    "CheckoutFailed",
    "ConfigMistake",
    "GitFailed",
    "NotARepository",
    "NotTracked",
    "OutOfBounds",
    "OutputClash",
    "RulesInside",
    "UnknownRemote",
    "UnknownRevision",
    "exit_status",
]

_FAILED = 255


class NotARepository(NotFound):
    """No folder up to the mount point has a `.dvc`."""

    exit_status = 253


class ConfigMistake(InvalidInput):
    """A config file cannot be read, or says something that DVC would refuse."""

    exit_status = 251


class UnknownRemote(ConfigMistake):
    """A remote of this name is not configured, or none is the default where one is needed."""


class NotTracked(NotFound):
    """A target is neither an output nor a stage."""


class OutOfBounds(InvalidInput):
    """Something would be put outside of the repository, or among the files of Git or DVC."""


class OutputClash(Conflict):
    """Two outputs are the same path, or one lies inside the other, or Git tracks what should be an output."""


class CheckoutFailed(Conflict):
    """Some outputs could not be brought into the working tree.

    Attributes:
        paths: Which, as they are shown to the user.
    """

    def __init__(self, message: str, paths: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.paths = tuple(paths)


class RulesInside(InvalidInput):
    """A `.dvcignore` lies in a tracked folder, where it would leave files out that count for others.

    DVC ends every verb with the status below, whatever it ends with when it fails otherwise.
    """

    exit_status = 255


class Busy(Unavailable):
    """Another process holds the repository, or a path in it, and was not waited for any longer."""


class GitFailed(TreeringError):
    """Git refused or could not do what was asked; the message ends with what it said."""


class UnknownRevision(GitFailed, NotFound):
    """Git knows no commit, branch, tag or experiment of this name."""

    code = NotFound.code
    status = NotFound.status


def exit_status(error: TreeringError) -> int:
    """What a program that stands for `dvc` ends with after this error."""
    status = getattr(error, "exit_status", _FAILED)
    return status if isinstance(status, int) else _FAILED
