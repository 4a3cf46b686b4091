"""A canary that ends while nobody looks is recorded all the same."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from treering.core.errors import Unavailable
from treering.core.plugins import Registry
from treering.deployments.base import Leading, OpenTarget, Order, Surroundings
from treering.deployments.book import StoredBook
from treering.deployments.keeping import KeptDeployments, Means
from treering.deployments.watching import keep_watching
from treering.entities.deployment import CanaryPlan, DeploymentState, Release
from treering.storage.metadata import METADATA
from treering.testing.deployments import PaperTarget

PAPER: Registry[OpenTarget] = Registry(
    "treering.no_such_group", "deployment target", {"paper": "treering.testing.deployments:open_paper"}
)


@pytest.fixture
def service(tmp_path: Path) -> KeptDeployments:
    book = StoredBook(METADATA.load("memory")("memory://").deployments, lambda: "ada")
    return KeptDeployments(book, Means(Surroundings(tmp_path), "here", targets=PAPER))


def test_it_is_recorded_though_nobody_looks(service: KeptDeployments, tmp_path: Path) -> None:
    for version, candidate in (("1", False), ("2", True)):
        service.deploy(Order("iris", Release(version, version=version), lambda: tmp_path, "paper", candidate=candidate))
    service.promote("iris", Leading(canary=CanaryPlan((5.0, 100.0), 1.0)))
    PaperTarget(Surroundings(tmp_path)).decide("iris", ("promoted", 100.0, "better"))
    stop, asked = threading.Event(), []

    def deployments() -> KeptDeployments:
        asked.append(1)
        if len(asked) == 1:
            msg = "The database is away. Wait."
            raise Unavailable(msg)
        return service

    thread = threading.Thread(target=keep_watching, args=(deployments, stop, 0.01))
    thread.start()
    try:
        until = time.monotonic() + 30
        while service.get("iris").state is DeploymentState.CANARY:
            assert time.monotonic() < until
            time.sleep(0.01)
    finally:
        stop.set()
        thread.join()
    assert service.get("iris").current.version == "2"
