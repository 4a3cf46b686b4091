"""What the front says of itself."""

from __future__ import annotations

import pytest

from toy_servers import options_of
from treering.serving.front.engine import Engine
from treering.serving.front.telling import tell
from treering.serving.hosting import Offer


@pytest.mark.parametrize("path", ["/ping", "/health"])
def test_clients_of_mlflow_and_sagemaker_are_told_to_wait_until_the_model_is_loaded(path: str) -> None:
    engine = Engine(options_of())
    asked = {"path": path, "method": "GET"}

    def status() -> int:
        told = tell(engine, asked)
        assert told is not None
        return told[1].status

    assert status() == 503
    engine.offer = Offer((), {})
    assert status() == 200


def test_a_server_that_loads_is_alive_and_not_ready() -> None:
    engine = Engine(options_of())
    live, ready = (tell(engine, {"path": f"/v2/health/{what}", "method": "GET"}) for what in ("live", "ready"))
    assert live is not None
    assert ready is not None
    assert (live[1].status, ready[1].status) == (200, 503)
