"""Where experiments stand among Git's references, as DVC lays them out.

refs/exps/<baseline[:2]>/<baseline[2:]>/<name>   an experiment: a commit whose first ancestors lead to the baseline
refs/exps/celery/stash, celery/failed            queued and failed ones, as stashes whose reflogs name them
refs/exps/exec/*, refs/exps/apply/*              what is going on, and what was applied last
refs/treering/queue/<id>                         ours: keeps the commit of a queued experiment from Git's collector
"""

from __future__ import annotations

import re
from typing import NamedTuple

from treering.core.errors import InvalidInput

__all__ = [
    "APPLIED",
    "APPLY_HEAD",
    "APPLY_STASH",
    "FAILED_STASH",
    "NAMESPACE",
    "OURS",
    "QUEUE_STASH",
    "ExperimentRef",
    "StashMessage",
    "check_name",
    "parse_ref",
    "read_stash_message",
]

NAMESPACE = "refs/exps"
QUEUE_STASH = f"{NAMESPACE}/celery/stash"
FAILED_STASH = f"{NAMESPACE}/celery/failed"
APPLIED = f"{NAMESPACE}/exec/EXEC_APPLY"
APPLY_HEAD = f"{NAMESPACE}/apply/ORIG_HEAD"
APPLY_STASH = f"{NAMESPACE}/apply/stash"
OURS = "refs/treering/queue"

_EXPERIMENT = re.compile(rf"{NAMESPACE}/([0-9a-f]{{2}})/([0-9a-f]{{38}}|[0-9a-f]{{62}})/([^/]+)")
_STASHED = re.compile(
    r"(?:commit: )?dvc-exp:(?P<head>[0-9a-f]+):(?P<baseline>[0-9a-f]+):(?P<name>[^~^:\\?\[\]*]*)(?::(?P<branch>.+))?"
)
# As `git check-ref-format` has it for one part of a reference.
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f~^:?*\[\\/]|\.\.|@\{|^[.-]|\.$|\.lock$|^@$")


class ExperimentRef(NamedTuple):
    """The reference of an experiment.

    Attributes:
        baseline: The full name of the commit that it was derived from.
    """

    baseline: str
    name: str

    @property
    def path(self) -> str:
        """The reference's full name."""
        return f"{NAMESPACE}/{self.baseline[:2]}/{self.baseline[2:]}/{self.name}"


class StashMessage(NamedTuple):
    """What the reflog of a queue says of an entry.

    Attributes:
        head: The commit that was checked out when it was queued.
    """

    head: str
    baseline: str
    name: str = ""
    branch: str = ""

    @property
    def text(self) -> str:
        """As it stands in the commit; the reflog has `commit: ` before it."""
        branch = f":{self.branch}" if self.branch else ""
        return f"dvc-exp:{self.head}:{self.baseline}:{self.name}{branch}"


def parse_ref(path: str) -> ExperimentRef | None:
    """The experiment that a reference of this name is, or None: it is something else."""
    found = _EXPERIMENT.fullmatch(path)
    return ExperimentRef(found[1] + found[2], found[3]) if found else None


def read_stash_message(text: str) -> StashMessage | None:
    """What `text`, a line of a reflog or a commit's message, says of a queued experiment; None if nothing."""
    found = _STASHED.fullmatch(text.strip())
    return StashMessage(found["head"], found["baseline"], found["name"], found["branch"] or "") if found else None


def check_name(name: str) -> str:
    """`name`, if an experiment may be called so.

    Raises:
        InvalidInput: If Git could not keep a reference of that name.
    """
    if not name or _FORBIDDEN.search(name):
        msg = (
            f"{name!r} cannot be the name of an experiment. Take letters, digits, '-', '_' and '.',"
            " without a '/' or a space, not beginning with '.' or '-'."
        )
        raise InvalidInput(msg)
    return name
