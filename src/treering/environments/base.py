"""What a manager of environments does, and what it is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

__all__ = ["EnvironmentManager", "Specification", "Tell"]

Tell = Callable[[str], None]
"""Is called with lines for the user."""


@dataclass(frozen=True, slots=True)
class Specification:
    """What an environment holds.

    Attributes:
        python: A version such as 3.11.7; the patch is a wish.
        requirements: Lines of a requirements file.
        constraints: Lines of a constraints file.
        build: What pip is told to install first.
        conda: The contents of conda.yaml, for managers that understand it; empty if there is none.
        ours: What the program needs that is run there, beside the model.
    """

    python: str
    requirements: tuple[str, ...]
    constraints: tuple[str, ...] = ()
    build: tuple[str, ...] = ()
    conda: Mapping[str, Any] = field(default_factory=dict)
    ours: tuple[str, ...] = ()


class EnvironmentManager(Protocol):
    """One row of `ENVIRONMENT_MANAGERS`."""

    isolated: bool
    """Whether it makes environments; otherwise programs run in the one that is there."""

    def check(self, specification: Specification) -> None:
        """Look whether an environment can be made here.

        Raises:
            NotSupported: If the program that makes them is missing, or the version of Python.
        """

    def build(self, specification: Specification, folder: Path, tell: Tell) -> None:
        """Make the environment in `folder`, which does not exist.

        Raises:
            Unavailable: If a package cannot be installed; the message names it.
        """

    def python(self, folder: Path) -> Path:
        """The program `python` of an environment."""
