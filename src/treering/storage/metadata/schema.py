"""What can be asked of a database's tables as such: which revision they have, whether they are whole, and to move them.

For a program that keeps the house; the stores on the tables are in `base`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

__all__ = ["Moved", "Schema", "SchemaState"]


@dataclass(frozen=True, slots=True)
class SchemaState:
    """Which tables a database has, beside those that it should have.

    Attributes:
        name: The database's address, without password.
        revision: None where there is no schema of Treering.
        expected: The revision of this version of Treering.
        newer: Whether a newer version made it.
        missing: Tables, `table.column` and `index NAME` that this version needs and that are not there.
    """

    name: str
    revision: str | None
    expected: str
    newer: bool = False
    missing: Sequence[str] = ()

    @property
    def right(self) -> bool:
        """Whether this version of Treering can work with it as it is."""
        return self.revision == self.expected and not self.missing


@dataclass(frozen=True, slots=True)
class Moved:
    """What became of a schema.

    Attributes:
        before: Its revision; None where the database was empty.
        backup: The file with the database as it was; "" where none was made.
    """

    before: str | None
    after: str
    backup: str = ""


class Schema(Protocol):
    """The tables of one database. Methods raise Unavailable if it cannot be reached."""

    @property
    def name(self) -> str:
        """The database's address, without password."""
        ...

    @property
    def revisions(self) -> Sequence[str]:
        """All that this version of Treering knows, oldest first."""
        ...

    def exists(self) -> bool:
        """Whether there is a file, where the database is one; else True."""
        ...

    def state(self) -> SchemaState:
        """Look, and change nothing. Raises SchemaMismatch if the tables are another program's."""
        ...

    def lost(self, revision: str) -> Sequence[str]:
        """What moving back to an older revision throws away, in words."""
        ...

    def move(self, revision: str, *, backup: bool = True) -> Moved:
        """Migrate to a revision, up or down; an empty database gets its tables.

        Args:
            backup: Whether a database that is a file is copied first.

        Raises:
            InvalidInput: If there is no such revision.
            SchemaMismatch: If a newer Treering, or another program, made the tables.
            StorageFull: If there is no room for the copy; nothing was changed then.
        """
        ...

    def damages(self) -> Sequence[str]:
        """What the database's own check of its files finds wrong, a line for each; reads all of it."""
        ...

    def close(self) -> None:
        """Give the connections back."""
        ...
