"""Opens the repository, this one or another, that a verb is to look into."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from treering.cli.dvc.call import Call
from treering.cli.dvc.sources import all_sources
from treering.core.variables import process_variables
from treering.versioning.config import merged, read_level
from treering.versioning.entries import RepoSource
from treering.versioning.errors import NotARepository
from treering.versioning.external import OpenedSource, Surroundings, open_source
from treering.versioning.repository import Repository

__all__ = ["here_or_none", "opened", "repo_source"]


def repo_source(asked: Any) -> RepoSource:
    """The other repository, as the options name it."""
    config, remote = asked.config, asked.remote
    if asked.remote_config and remote:
        # Options of a remote that is named stand where it is configured.
        known = read_level(Path(config)) if config else {}
        config = merged(known, {"remote": {remote: asked.remote_config}})
    elif asked.remote_config:
        remote = asked.remote_config
    return RepoSource(asked.url, asked.rev or "", config=config, remote=remote)


@contextmanager
def opened(call: Call) -> Iterator[OpenedSource]:
    """That repository, for the time of a block; its working tree, where it is on this machine and no revision is named."""
    around = Surroundings(call.here, process_variables(), sources=all_sources)
    with open_source(repo_source(call.options), around, working=True) as source:
        yield source


def here_or_none(call: Call) -> Repository | None:
    """The repository of the working directory; None outside of one."""
    try:
        return call.repo
    except NotARepository:
        return None
