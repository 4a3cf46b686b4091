"""What a router says of rewards, as a deployment tells it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from treering.deployments.steering import live_comparisons, skewed
from treering.entities.live import LiveComparison
from treering.serving.traffic.control import Control
from treering.serving.traffic.router import Plan, Router, Variant


def told_after(rewards: int) -> Any:
    """What a router of two versions tells after each was asked, and rewarded, so often; the second earns more."""
    router = Router({"iris": Plan((Variant("v1", "iris", "1"), Variant("v2", "iris", "2")), {"v1": 1, "v2": 1})})
    router.tick(1000.0)
    control = Control(router, lambda: 1000.0)
    for number in range(2 * rewards):
        variant = router.pick("iris").name
        request = f"{number}"
        router.observe("iris", variant, 200, 0.004, request.encode())
        value = (number % 5) / 10 + (variant == "v2")
        body = json.dumps({"request_id": request, "value": value}).encode()
        assert control.answer("POST", "/traffic/iris/feedback", body).status == 200
    return json.loads(control.answer("GET", "/traffic/iris").body)


def test_what_each_version_earns_is_told_with_its_bounds() -> None:
    [found] = live_comparisons(told_after(400))
    assert (found.base, found.variant, found.alpha) == ("v1", "v2", 0.05)
    assert found.difference == pytest.approx(1.0, abs=0.1)
    assert found.low is not None
    assert found.high is not None
    assert 0.5 < found.low < 1.0 < found.high < 1.5
    assert found.p is not None
    assert found.p < 0.001


def test_few_rewards_have_no_bounds_and_none_no_comparison() -> None:
    [few] = live_comparisons(told_after(4))
    assert few == LiveComparison("v1", "v2")
    assert live_comparisons(told_after(0)) == []
    assert live_comparisons({}) == []


def test_a_split_that_is_not_as_it_was_asked_for_is_told() -> None:
    told = told_after(10)
    assert not skewed(told)
    assert skewed({**told, "split": {**told["split"], "mismatch": True}})
    assert not skewed({})
