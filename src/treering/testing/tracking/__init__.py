"""What tracking must do, near and far: subclass `TrackingSuite` and give it a `tracking` fixture.

The suites make experiments of their own and look at nothing else, so that one
store or server may serve all tests. A fixture of the whole module is enough.
"""

from __future__ import annotations

from treering.testing.tracking.grid import GridSuite
from treering.testing.tracking.lines import LinesSuite
from treering.testing.tracking.models import DatasetsSuite, LoggedModelsSuite
from treering.testing.tracking.points import LoggingSuite, MetricsSuite
from treering.testing.tracking.runs import ExperimentsSuite, RunsSuite
from treering.testing.tracking.views import ViewsSuite

__all__ = [
    "DatasetsSuite",
    "ExperimentsSuite",
    "GridSuite",
    "LinesSuite",
    "LoggedModelsSuite",
    "LoggingSuite",
    "MetricsSuite",
    "RunsSuite",
    "TrackingSuite",
    "ViewsSuite",
]


class TrackingSuite(
    ExperimentsSuite,
    RunsSuite,
    LoggingSuite,
    MetricsSuite,
    LinesSuite,
    LoggedModelsSuite,
    DatasetsSuite,
    ViewsSuite,
    GridSuite,
):
    """All promises of `treering.tracking.base`.

    A subclass provides a fixture `tracking`, of any scope. The settings are the default ones.
    """
