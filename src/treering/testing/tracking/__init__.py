"""What tracking must do, near and far: subclass `TrackingSuite` and give it a `tracking` fixture.

The suites make experiments of their own and look at nothing else, so that one
store or server may serve all tests. A fixture of the whole module is enough.
"""

from __future__ import annotations

from treering.testing.tracking.models import DatasetsSuite, LoggedModelsSuite
from treering.testing.tracking.points import LoggingSuite, MetricsSuite
from treering.testing.tracking.runs import ExperimentsSuite, RunsSuite

__all__ = [
    "DatasetsSuite",
    "ExperimentsSuite",
    "LoggedModelsSuite",
    "LoggingSuite",
    "MetricsSuite",
    "RunsSuite",
    "TrackingSuite",
]


class TrackingSuite(ExperimentsSuite, RunsSuite, LoggingSuite, MetricsSuite, LoggedModelsSuite, DatasetsSuite):
    """All promises of `treering.tracking.base`.

    A subclass provides a fixture `tracking`, of any scope. The settings are the default ones.
    """
