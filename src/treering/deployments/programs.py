"""Other programs that targets use, such as kubectl: one call each, with a limit, and errors in words."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from treering.core.errors import DeadlineExceeded, NotSupported, Unavailable, without_passwords

__all__ = ["Done", "Programs", "SystemPrograms", "checked"]

_TIMEOUT = 120.0
_LONGEST = 2000


class Done(NamedTuple):
    """What became of a program."""

    status: int
    out: bytes
    err: str


class Programs(Protocol):
    """Runs programs."""

    def run(self, command: Sequence[str], given: bytes = b"", *, timeout: float = _TIMEOUT) -> Done:
        """Run one to its end.

        Raises:
            NotSupported: If it is not installed.
            DeadlineExceeded: If it takes too long; it is ended then.
        """
        ...


class SystemPrograms:
    """Programs of this machine, with these variables."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = dict(variables)

    def run(self, command: Sequence[str], given: bytes = b"", *, timeout: float = _TIMEOUT) -> Done:
        """See Programs."""
        program = shutil.which(command[0], path=self._variables.get("PATH"))
        if program is None:
            msg = f"The program {command[0]!r} is not installed, or not where PATH says. Install it, and try again."
            raise NotSupported(msg)
        try:
            done = subprocess.run(  # noqa: S603 -- arguments, no shell
                [program, *command[1:]], input=given, capture_output=True, timeout=timeout, check=False,
                env=self._variables,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            msg = f"`{' '.join(command[:3])} ...` did not end within {timeout:g} seconds."
            raise DeadlineExceeded(msg) from error
        return Done(done.returncode, done.stdout, done.stderr.decode(errors="replace"))


def checked(done: Done, what: str) -> bytes:
    """What a program printed. Raises Unavailable with its own words if it failed."""
    if done.status:
        words = without_passwords((done.err.strip() or done.out.decode(errors="replace").strip())[-_LONGEST:])
        msg = f"{what} failed with status {done.status}: {words}"
        raise Unavailable(msg)
    return done.out
