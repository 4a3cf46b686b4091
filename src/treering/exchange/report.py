"""What came over, what was there already, and what went wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

__all__ = ["Counted", "Report"]


@dataclass(slots=True)
class Counted:
    """How many of one kind were found at the source, brought over now, and there already."""

    found: int = 0
    brought: int = 0
    present: int = 0


def _silent(line: str) -> None:
    del line


@dataclass(slots=True)
class Report:
    """Counts and problems; filled while things are brought over.

    Attributes:
        verified: Points whose checksums were compared with the source's.
        progress: Called with a line from time to time.
    """

    experiments: Counted = field(default_factory=Counted)
    runs: Counted = field(default_factory=Counted)
    points: Counted = field(default_factory=Counted)
    logged_models: Counted = field(default_factory=Counted)
    registered_models: Counted = field(default_factory=Counted)
    versions: Counted = field(default_factory=Counted)
    files: Counted = field(default_factory=Counted)
    bytes: int = 0
    verified: int = 0
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    progress: Callable[[str], None] = _silent

    def problem(self, text: str) -> None:
        """Something that is not at the destination as it is at the source."""
        self.problems.append(text)

    def rows(self) -> Mapping[str, Counted]:
        """The counts by what people call them."""
        return {
            "experiments": self.experiments,
            "runs": self.runs,
            "metric points": self.points,
            "logged models": self.logged_models,
            "registered models": self.registered_models,
            "model versions": self.versions,
            "artifact files": self.files,
        }
