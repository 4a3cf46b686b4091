"""What has changed in parameters between two revisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from treering.pipelines.params_show import params_at
from treering.pipelines.snapshots import SINCE_HEAD, compared
from treering.pipelines.value_changes import changes_table
from treering.versioning.repository import Repository

__all__ = ["params_diff", "params_diff_text"]


def params_diff(
    repo: Repository,
    between: tuple[str, str] = SINCE_HEAD,
    *,
    targets: Sequence[str] = (),
    unchanged: bool = False,
    deps: bool = False,
    base: Path | None = None,
) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """The changes: `{file: {parameter: {"old", "new", "diff"}}}`, as DVC's JSON.

    Args:
        between: The names of the old and the new one; `workspace` is the working tree.
        targets: Files, relative to `base`; all where none are given.
        unchanged: Give what is the same on both sides, too.
        deps: Only parameters that stages depend on.
        base: The folder where the user stands.

    Returns:
        The changes, and the revisions at which something could not be read.

    Raises:
        UnknownRevision: If there is no such revision.
    """
    return compared(repo, between, lambda at: params_at(at, targets, deps=deps), unchanged=unchanged, base=base)


def params_diff_text(
    changes: Mapping[str, Mapping[str, Any]],
    between: tuple[str, str] = SINCE_HEAD,
    *,
    path: bool = True,
    markdown: bool = False,
) -> str:
    """The table of what `params_diff` gives."""
    return changes_table(changes, ("Path", "Param", *between), path=path, markdown=markdown)
