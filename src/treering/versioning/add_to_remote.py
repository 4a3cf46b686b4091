"""`add --to-remote`: content goes straight to a remote, and is tracked; neither working tree nor cache gets it."""

from __future__ import annotations

from dataclasses import replace

from treering.versioning.autostage import autostage
from treering.versioning.imports import ImportOptions, ImportReport, import_url
from treering.versioning.pointers import write_pointer
from treering.versioning.progress import NO_PROGRESS, Progress
from treering.versioning.repository import Repository

__all__ = ["add_to_remote"]


def add_to_remote(
    repo: Repository, target: str, options: ImportOptions, progress: Progress = NO_PROGRESS
) -> ImportReport:
    """Send a file or folder, here or at a URL, to a remote, and write its pointer.

    Raises:
        NotFound: If nothing is there.
        AlreadyExists: If something stands where it would be, and `force` is not set.
        OutputClash: If it would overlap with another output, or Git tracks what is there.
        UnknownRemote: If there is no such remote.
        Unavailable: If something cannot be sent.
    """
    with repo.lock():
        report = import_url(repo, target, replace(options, to_remote=True), progress)
        # As an import it would say where it came from, and be brought from there again.
        pointer = replace(report.pointer, deps=(), frozen=False)
        write_pointer(pointer)
        return ImportReport(pointer, report.touched, autostage(repo, report.touched))
