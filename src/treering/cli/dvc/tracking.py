"""Keeps what stages do as runs of the tracking store, while they are run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from treering.cli.dvc.call import Call
from treering.cli.session import session
from treering.client.context import user_name
from treering.core.settings import find_home, read_settings
from treering.pipelines.events import Listener
from treering.pipelines.tracked import TrackedRuns, TrackOptions

__all__ = ["tracked"]


@contextmanager
def tracked(call: Call, listener: Listener) -> Iterator[TrackedRuns]:
    """A listener that keeps runs, and tells `listener` everything."""
    settings = read_settings()
    # Code that tracks itself goes on in the same store, wherever its stage runs.
    variables = {"TREERING_TRACKING_URI": settings.tracking_uri or str(find_home(settings, call.here))}
    with session(settings) as services:
        options = TrackOptions(settings.experiment_name, user=user_name(), variables=variables)
        with TrackedRuns(call.repo, services.tracking, options, listener, base=call.here) as runs:
            yield runs
