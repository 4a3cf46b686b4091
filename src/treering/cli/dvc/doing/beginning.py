"""Verbs that begin a repository, and describe it."""

from __future__ import annotations

from pathlib import Path

from treering.cli.dvc.call import Call
from treering.cli.dvc.parser import SPOKEN
from treering.core.variables import process_variables
from treering.versioning.doctor import doctor_lines
from treering.versioning.errors import NotARepository
from treering.versioning.init import init_repository
from treering.versioning.repository import Repository

__all__ = ["init", "version"]


def init(call: Call) -> None:
    """Make a repository."""
    asked = call.options
    init_repository(
        Path(asked.directory), process_variables(), no_scm=asked.no_scm, force=asked.force, subdir=asked.subdir
    )
    call.say("Initialized a repository for versions of data." if call.ours else "Initialized DVC repository.")
    if not asked.no_scm:
        call.say("\nYou can now commit the changes to git.")
    if call.ours:
        call.say("Track data with `treering data add`, and write stages with `treering pipeline stage add`.")


def version(call: Call) -> None:
    """Print versions, and what is known of the repository."""
    first, rule, *rest = doctor_lines(_repository(call), process_variables())
    if call.ours:
        call.give("\n".join([first, rule, *rest]))
    else:
        # Programs look for the version of DVC in the first line.
        title = f"DVC version: {SPOKEN} (spoken by {first.replace(' version:', '')})"
        call.give("\n".join([title, "-" * len(title), *rest]))


def _repository(call: Call) -> Repository | None:
    try:
        return call.repo
    except NotARepository:
        return None
