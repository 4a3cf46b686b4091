"""The verb `destroy`."""

from __future__ import annotations

from treering.cli.dvc.call import Call
from treering.cli.dvc.sources import all_sources
from treering.core.errors import Conflict
from treering.versioning.destroy import destroy as end

__all__ = ["destroy"]

_QUESTION = (
    "This removes everything that is known of your pipelines and versions, and the cache with all versions of your data"
    " but those in the working tree.\nAre you sure you want to continue?"
)


def destroy(call: Call) -> None:
    """Make the repository an ordinary folder."""
    repo = call.repo
    if not call.options.force and not call.confirm(_QUESTION):
        msg = "Nothing was removed, because nobody confirmed it. Use `-f` to be asked nothing."
        raise Conflict(msg)
    end(repo, sources=all_sources(repo), progress=call.bar)
