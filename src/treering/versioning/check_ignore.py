"""Tells which paths `.dvcignore` leaves out, and by which line."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from treering.versioning.ignore import Ignore, Reason
from treering.versioning.repository import Repository

__all__ = ["Checked", "check_ignore"]


class Checked(NamedTuple):
    """A path that was asked about.

    Attributes:
        target: As it was given.
        reason: The line that decides of it; None where no line speaks of it.
    """

    target: str
    reason: Reason | None

    @property
    def is_ignored(self) -> bool:
        """Whether it is left out."""
        return self.reason is not None and self.reason.ignores

    def details(self) -> str:
        """The line with its place, and the path, as DVC prints them; `::` where there is none."""
        return f"{self.reason.shown if self.reason is not None else '::'}\t{self.target}"


def check_ignore(repo: Repository, targets: Iterable[str]) -> Iterator[Checked]:
    """Ask for paths one by one, relative to the current folder; they need not exist.

    What lies outside of the repository is not ignored.
    """
    ignore = Ignore(repo.root)
    for target in targets:
        path = os.path.abspath(target)
        # With a slash behind it a name is that of a folder.
        known = True if target.endswith(("/", os.sep)) else None
        yield Checked(target, ignore.why(path, is_dir=known))
