"""What holds for all tests: nothing is left out silently, and the databases that more than one folder needs."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from databases import mariadb_server, postgresql_server

ROOT = Path(__file__).resolve().parent.parent

# Marker of a part of the machine, and what a reader is told when its tests were left out.
PARTS = {
    "postgresql": "PostgreSQL",
    "mariadb": "MariaDB",
    "browser": "Chromium",
    "peer": "the real MLflow or DVC",
    "cloud": "emulators of object stores",
    "framework": "machine-learning libraries",
}

_LEFT_OUT = pytest.StashKey[Counter[str]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_LEFT_OUT] = Counter()
    # Programs that are started inherit what is ignored: where the tests run in the background, none could be interrupted.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    # The environments of other frameworks run a few of these tests, and do without it.
    if find_spec("hypothesis") is not None:
        hypothesis = import_module("hypothesis")
        # How long an example takes is the machine's affair.
        hypothesis.settings.register_profile("treering", deadline=None)
        hypothesis.settings.load_profile("treering")


def pytest_deselected(items: list[pytest.Item]) -> None:
    for item in items:
        for marker in PARTS:
            if item.get_closest_marker(marker):
                item.config.stash[_LEFT_OUT][marker] += 1


def pytest_sessionfinish(session: pytest.Session) -> None:
    # Under xdist the workers collect, and only the controller prints.
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["left_out"] = dict(session.config.stash[_LEFT_OUT])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    # Each worker collects everything, so the counts of one worker are the counts of all.
    node.config.stash[_LEFT_OUT] |= Counter(getattr(node, "workeroutput", {}).get("left_out", {}))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    left_out = config.stash[_LEFT_OUT]
    if left_out:
        terminalreporter.section("left out: these need more than Python; make test-full runs them")
        for marker, count in sorted(left_out.items()):
            terminalreporter.write_line(f"{count:5} need {PARTS[marker]}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    report: pytest.TestReport = yield
    if report.skipped and not hasattr(report, "wasxfail") and _everything_is_asked_for():
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, but TREERING_TEST_REQUIRE_ALL is set: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Any:
    report: pytest.CollectReport = yield
    if report.skipped and _everything_is_asked_for():
        report.outcome = "failed"
        report.longrepr = f"{collector.nodeid} was skipped, but TREERING_TEST_REQUIRE_ALL is set: {report.longrepr}"
    return report


def _everything_is_asked_for() -> bool:
    return bool(os.environ.get("TREERING_TEST_REQUIRE_ALL"))


@pytest.fixture(autouse=True)
def _own_variables() -> Iterator[None]:
    """What a test makes of our variables ends with it: `set_tracking_uri` sets one for the programs that follow."""
    before = _our_variables()
    yield
    for name in _our_variables():
        del os.environ[name]
    os.environ.update(before)


def _our_variables() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.startswith(("TREERING_", "MLFLOW_"))}


@pytest.fixture(scope="session")
def new_postgresql() -> Iterator[Callable[[], str]]:
    """Makes an empty PostgreSQL database and returns its URI; mark the test `postgresql`."""
    with postgresql_server() as create:
        yield create


@pytest.fixture(scope="session")
def new_mariadb() -> Iterator[Callable[[], str]]:
    """Makes an empty MariaDB database and returns its URI; mark the test `mariadb`."""
    with mariadb_server() as create:
        yield create


_DATABASES = [
    "memory",
    "sqlite",
    pytest.param("postgresql", marks=pytest.mark.postgresql),
    pytest.param("mariadb", marks=pytest.mark.mariadb),
]


@pytest.fixture(params=_DATABASES)
def database_uri(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URI of an empty database, once of each kind."""
    if request.param == "memory":
        return "memory://"
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'treering.db'}"
    create: Callable[[], str] = request.getfixturevalue(f"new_{request.param}")
    return create()
