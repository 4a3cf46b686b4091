"""The JSON API under /traffic."""

from __future__ import annotations

import json
from typing import Any

import pytest

from treering.serving.traffic.control import Control
from treering.serving.traffic.router import Plan, Router, Variant

ONE, TWO = Variant("v1", "iris", "1"), Variant("v2", "iris", "2")


@pytest.fixture
def router() -> Router:
    made = Router({"iris": Plan((ONE, TWO)), "my wine": Plan((ONE,))})
    made.tick(1000.0)
    return made


class Asker:
    def __init__(self, router: Router) -> None:
        self.control = Control(router, lambda: 1000.0)

    def __call__(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        told = self.control.answer(method, path, b"" if body is None else json.dumps(body).encode())
        assert told.status == status, told.body
        return json.loads(told.body)


@pytest.fixture
def ask(router: Router) -> Asker:
    return Asker(router)


def test_everything_is_told(ask: Asker, router: Router) -> None:
    for number in range(300):
        variant = router.pick("iris").name
        router.observe("iris", variant, 200 if number else 500, 0.004, b"%d" % number)
    told = ask("GET", "/traffic")
    assert sorted(told["endpoints"]) == ["iris", "my wine"]
    one = ask("GET", "/traffic/iris")
    assert one == told["endpoints"]["iris"]
    first = one["variants"][0]
    assert (first["name"], first["version"], first["weight"], first["answered"], first["failed"]) == (
        "v1",
        "1",
        1,
        300,
        1,
    )
    assert first["seconds"]["p99"] == pytest.approx(0.004, rel=0.2)
    assert one["steering"] is None
    assert ask("GET", "/traffic/my%20wine")["variants"][0]["weight"] == 1


def test_the_split_is_set_and_written_down(ask: Asker, router: Router) -> None:
    told = ask("PUT", "/traffic/iris", {"weights": {"v1": 80, "v2": 20}, "shadows": {"v2": 0.5}, "reason": "Try it."})
    assert [one["weight"] for one in told["variants"]] == [0.8, 0.2]
    assert told["shadows"]["v2"]["share"] == 0.5
    assert told["history"][-1]["reason"] == "Try it."
    # What is not named stays.
    told = ask("PUT", "/traffic/iris", {"weights": {"v1": 50, "v2": 50}})
    assert told["shadows"]["v2"]["share"] == 0.5
    assert {router.pick("iris").name for _ in range(200)} == {"v1", "v2"}


def test_a_canary_is_started_and_aborted(ask: Asker, router: Router) -> None:
    told = ask("POST", "/traffic/iris/canary", {"variant": "v2", "steps": [10, 100], "seconds": 5, "errors": None})
    assert told["steering"]["base"] == "v1"
    assert told["steering"]["percent"] == 10
    assert [guard["name"] for guard in told["steering"]["guards"]] == ["p50", "p95", "p99"]
    assert [one["weight"] for one in told["variants"]] == [0.9, 0.1]
    assert "Abort it" in ask("PUT", "/traffic/iris", {"weights": {"v1": 1}}, status=409)["message"]
    assert "Abort it" in ask("POST", "/traffic/iris/bandit", {}, status=409)["message"]
    ask("DELETE", "/traffic/iris/bandit", status=404)
    told = ask("DELETE", "/traffic/iris/canary", {"reason": "Not today."})
    assert [one["weight"] for one in told["variants"]] == [1, 0]
    assert told["history"][-1]["reason"] == "Not today."
    assert [event.kind for event in router.tick(1001.0)] == ["canary_started", "canary_stepped", "canary_aborted"]


def test_a_bandit_learns_from_feedback(ask: Asker, router: Router) -> None:
    ask("POST", "/traffic/iris/bandit", {"seconds": 0, "floor": 0.2})
    for number in range(2000):
        variant = router.pick("iris").name
        router.observe("iris", variant, 200, 0.01, b"r%d" % number)
        if number % 100 == 99:
            router.tick(1000.0 + number)
        if number % 2:
            ask("POST", "/traffic/iris/feedback", {"request_id": f"r{number}", "value": float(variant == "v2")})
    told = ask("GET", "/traffic/iris")
    assert told["variants"][1]["weight"] > 0.75
    assert told["comparisons"][0]["reward"]["low"] > 0.8
    assert told["comparisons"][0]["reward"]["p"] < 1e-6
    assert ask("POST", "/traffic/iris/feedback", [{"request_id": "r1", "value": 1}, {"request_id": "r0", "value": 1}]) == {
        "counted": 1, "unknown": 1,
    }  # fmt: skip
    assert ask("DELETE", "/traffic/iris/bandit")["steering"] is None


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "says"),
    [
        ("POST", "/traffic", {}, 405, "does not answer to POST"),
        ("PATCH", "/traffic/iris", {}, 405, "but to GET, PUT"),
        ("GET", "/traffic/iris/canary", None, 405, "DELETE, POST"),
        ("GET", "/traffic/wine", None, 404, "Known ones: iris, my wine"),
        ("PUT", "/traffic/wine", {}, 404, "Known ones"),
        ("POST", "/traffic/wine/canary", {"variant": "v2"}, 404, "Known ones"),
        ("POST", "/traffic/wine/feedback", {"request_id": "a", "value": 1}, 404, "Known ones"),
        ("GET", "/traffic/iris/x", None, 404, "Nothing is at"),
        ("GET", "/traffic/iris/canary/x", None, 404, "Nothing is at"),
        ("PUT", "/traffic/iris", {"weight": {}}, 400, "'weight' is not known here. Known ones: weights"),
        ("PUT", "/traffic/iris", {"weights": {"v1": "many"}}, 400, "$.weights"),
        ("PUT", "/traffic/iris", {"weights": {"v9": 1}}, 400, "There are: v1, v2"),
        ("PUT", "/traffic/iris", {"weights": {"v1": -1}}, 400, "0 or more"),
        ("PUT", "/traffic/iris", {"weights": {"v1": 0}}, 400, "nothing would answer"),
        ("PUT", "/traffic/iris", [1], 400, "Expected `object`"),
        ("POST", "/traffic/iris/canary", {}, 400, "variant"),
        ("POST", "/traffic/iris/canary", {"variant": "v9"}, 400, "There are: v1, v2"),
        ("POST", "/traffic/iris/canary", {"variant": "v2", "steps": [50, 5]}, 400, "do not rise"),
        ("POST", "/traffic/iris/canary", {"variant": "v2", "objective": "nice"}, 400, "nice"),
        ("POST", "/traffic/iris/bandit", {"arms": ["v1"]}, 400, "two or more"),
        ("POST", "/traffic/iris/feedback", {"request_id": "a"}, 400, "value"),
        ("POST", "/traffic/iris/feedback", {"request_id": "a", "value": -1e300}, 400, "between -1e+09 and 1e+09"),
        ("POST", "/traffic/iris/feedback", {"request_id": "a", "value": 1, "x": 1}, 400, "x"),
        ("POST", "/traffic/iris/feedback", [{"request_id": "a", "value": 1}] * 10_001, 400, "at most 10000"),
    ],
)
def test_what_is_wrong_is_named(ask: Asker, method: str, path: str, body: Any, status: int, says: str) -> None:
    told = ask(method, path, body, status)
    assert says in told["message"]
    assert told["error_code"]


@pytest.mark.parametrize(
    "body", [b"{", b"\xff", b'{"weights": {"v1": NaN}}', b'{"weights": {"v1": 1e999}}', b"[" * 100_000]
)
def test_a_body_that_is_no_json_changes_nothing(router: Router, body: bytes) -> None:
    told = Control(router, lambda: 0.0).answer("PUT", "/traffic/iris", body)
    assert told.status == 400
    assert router.endpoint("iris").plan.all_weights() == {"v1": 1, "v2": 0}


def test_a_page_of_another_site_cannot_change_traffic(router: Router) -> None:
    # What a form can send without the browser asking the server first.
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        told = Control(router, lambda: 0.0).answer("POST", "/traffic/iris/canary", b'{"variant": "v2"}', kind)
        assert told.status == 415
    assert router.endpoint("iris").steering is None
