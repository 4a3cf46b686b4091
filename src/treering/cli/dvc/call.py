"""What a verb is given when it is called: what was asked, the repository, and the ways to answer."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from collections.abc import Callable, Mapping
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from treering.cli.dvc.bar import Bar
from treering.core.errors import InvalidInput

if TYPE_CHECKING:
    from treering.versioning.repository import Repository

__all__ = ["Call", "Misuse"]

_COLOURS: Mapping[str, int] = {"red": 31, "green": 32, "yellow": 33, "blue": 34, "cyan": 36}


class Misuse(InvalidInput):
    """Options or arguments that make no sense together, which no parser sees.

    Args:
        message: What is wrong.
        status: How `treering dvc` ends; as its verb fails, unless given.
    """

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.misuse_status = status


class Call:
    """One call of a verb.

    Args:
        options: What the verb takes, under the names that it declares.
        ours: Whether it was called under Treering's own name: `treering data add`, not `treering dvc add`.
        quiet: Print nothing but errors and what was asked for as JSON.
    """

    def __init__(self, options: Namespace, *, ours: bool = False, quiet: bool = False) -> None:
        self.options = options
        self.ours = ours
        self.quiet = quiet
        self.bar = Bar(shown=not quiet, plain=ours)

    @cached_property
    def repo(self) -> Repository:
        """The repository that the working directory is in."""
        # Help, and verbs that need no repository, are not to wait until all about one is loaded.
        variables = import_module("treering.core.variables").process_variables()
        found: Repository = import_module("treering.versioning.repository").find_repository(self.here, variables)
        return found

    @cached_property
    def here(self) -> Path:
        """The working directory, to which what the user names is relative."""
        return Path.cwd()

    @property
    def wants_json(self) -> bool:
        """Whether JSON was asked for, by an option that not every verb has."""
        return bool(getattr(self.options, "json", False))

    def say(self, text: str = "", colour: str = "") -> None:
        """A line for people, on standard output."""
        if not self.quiet:
            print(self.paint(text, colour))

    def mark(self, text: str, colour: str) -> None:
        """A line in a colour; its tabs become spaces, which is what DVC's scripts cut it at."""
        self.say(text.expandtabs(), colour)

    def paint(self, text: str, colour: str) -> str:
        """`text` in a colour, on a terminal."""
        if not colour or not sys.stdout.isatty():
            return text
        return f"\033[{_COLOURS[colour]}m{text}\033[0m"

    def give(self, text: str) -> None:
        """What was asked for itself: it is printed though only errors should be."""
        print(text)

    def show(self, value: Any, default: Callable[[Any], Any] | None = None) -> None:
        """A value as JSON: in one line for DVC's scripts, indented for ours."""
        print(json.dumps(value, indent=2 if self.ours else None, ensure_ascii=not self.ours, default=default))

    def warn(self, text: str) -> None:
        """A line on standard error that is no failure."""
        self.bar.clear()
        if not self.quiet:
            print(f"WARNING: {text}", file=sys.stderr)

    def tell(self, text: str) -> None:
        """An error after which the verb goes on, or ends of its own."""
        self.bar.clear()
        print(f"ERROR: {text}", file=sys.stderr)

    def confirm(self, question: str) -> bool:
        """Ask for yes or no; where nobody can answer, it is no."""
        self.bar.clear()
        try:
            answer = input(f"{question} [y/n]: ")
        except EOFError:
            return False
        return answer.strip().lower() in {"y", "yes"}
