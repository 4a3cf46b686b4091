"""Parameters and metrics of a repository, of this one or another, now or at a revision: what `dvc.api` gives under these names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from treering.core.errors import InvalidInput, NotFound
from treering.core.variables import process_variables
from treering.pipelines.metrics import metrics_at
from treering.pipelines.params_show import params_at
from treering.pipelines.snapshots import Snapshot, snapshot
from treering.versioning.external import Surroundings, open_source
from treering.versioning.pointers import RepoSource
from treering.versioning.repository import find_repository
from treering.versioning.sources import Revisions

__all__ = ["metrics_show", "params_show"]

Config = str | Mapping[str, Any] | None


def params_show(
    *targets: str,
    repo: str | Path | None = None,
    stages: str | Sequence[str] | None = None,
    rev: str | None = None,
    deps: bool = False,
    config: Config = None,
) -> dict[str, Any]:
    """As `treering.data.params_show`."""
    names = [stages] if isinstance(stages, str) else list(stages or ())
    with _opened(repo, rev, config) as at:
        return _joined(params_at(at, targets, deps=deps, stages=names))


def metrics_show(
    *targets: str, repo: str | Path | None = None, rev: str | None = None, config: Config = None
) -> dict[str, Any]:
    """As `treering.data.metrics_show`."""
    with _opened(repo, rev, config) as at:
        return _joined(metrics_at(at, targets))


@contextmanager
def _opened(repo: str | Path | None, rev: str | None, config: Config) -> Iterator[Snapshot]:
    """A repository at a revision; without one the working tree, or of one that is elsewhere the newest commit."""
    environ = process_variables()
    if repo is None and config is None:
        here = Path.cwd()
        yield snapshot(Revisions(find_repository(here, environ)), rev or "", base=here)
        return
    source = RepoSource(str(repo or "."), rev or "", config=config)
    with open_source(source, Surroundings(Path.cwd(), environ), working=True) as opened:
        place = opened.at("")
        revisions = Revisions(place.repo, opened.git, opened.prefix)
        data: Callable[[], Any] = lambda: place.data  # noqa: E731 - as snapshot wants it
        yield snapshot(revisions, opened.rev, data=data)


def _joined(files: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The values of all files in one mapping; where two files have a key, the file stands before it.

    Raises:
        NotFound: If a file is not there.
        InvalidInput: If one could not be read.
    """
    for file, one in files.items():
        if "error" in one:
            msg = f"{file} could not be read: {one['error']['msg']}. Correct it, or leave it out."
            raise (NotFound if one["error"]["type"] == FileNotFoundError.__name__ else InvalidInput)(msg)
    values = {file: one["data"] for file, one in files.items() if isinstance(one["data"], Mapping)}
    counts = Counter(key for found in values.values() for key in found)
    return {
        key if counts[key] == 1 else f"{file}:{key}": value
        for file, found in values.items()
        for key, value in found.items()
    }
