"""Loading and unloading while the server runs: what is told, who may, and that no request is lost over it."""

from __future__ import annotations

import os
import signal
import threading
from typing import Any

import pytest

from toy_servers import Toy

LOAD = "/v2/repository/models/toy/load"
UNLOAD = "/v2/repository/models/toy/unload"


def _load(toy: Toy, version: str) -> Any:
    return toy.post(LOAD, {"parameters": {"folder": "/somewhere", "version": version}})


def _index(toy: Toy) -> dict[str, str]:
    return {one["version"]: one["state"] for one in toy.post("/v2/repository/index", b"").json()}


def test_a_version_comes_and_goes_and_comes_back(start: Any):
    toy = start({"versions": ["1"]}, workers=2)
    assert toy.post("/v2/models/toy/versions/2/infer", {}).status == 404
    assert _load(toy, "2").status == 200
    assert {toy.post("/v2/models/toy/versions/2/infer", {}).json()["version"] for _ in range(8)} == {"2"}
    assert toy.post("/v2/models/toy/infer", {}).json()["version"] == "1"
    assert toy.get("/v2/models/toy").json()["versions"] == ["1", "2"]
    assert toy.post(UNLOAD, {"parameters": {"version": "2"}}).status == 200
    assert _index(toy) == {"1": "READY", "2": "UNAVAILABLE"}
    assert toy.post("/v2/models/toy/versions/2/infer", {}).status == 404
    assert toy.post(LOAD, b"").status == 200  # what is known and not loaded
    assert _index(toy) == {"1": "READY", "2": "READY"}


def test_what_cannot_be_loaded_changes_nothing(start: Any):
    toy = start({"versions": ["1"]}, workers=2)
    refused = _load(toy, "bad")
    assert (refused.status, refused.json()["message"]) == (400, "This version cannot be loaded.")
    assert _index(toy) == {"1": "READY"}
    assert toy.post("/v2/repository/models/other/load", b"").status == 404
    assert toy.post("/v2/repository/models/other/unload", b"").status == 404
    assert toy.post(LOAD, b"{").status == 400
    assert toy.post(LOAD, b"[]").status == 400
    assert toy.post("/v2/repository/models/toy/burn", b"").status == 404


def test_a_worker_that_comes_later_holds_the_same(start: Any):
    toy = start({"versions": ["1"]})
    before = toy.do().json()["pid"]
    assert _load(toy, "2").status == 200
    os.kill(before, signal.SIGKILL)
    answer = toy.post("/v2/models/toy/versions/2/infer", {})
    assert (answer.status, answer.json()["version"]) == (200, "2")
    assert answer.json()["pid"] != before


def test_requests_go_on_while_something_is_loaded(start: Any):
    toy = start({"versions": ["1"]}, workers=2)
    statuses: list[int] = []
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            statuses.append(toy.post("/v2/models/toy/infer", {}).status)

    askers = [threading.Thread(target=ask) for _ in range(4)]
    for asker in askers:
        asker.start()
    for version in ("2", "3", "4"):
        assert _load(toy, version).status == 200
        assert toy.post(UNLOAD, {"parameters": {"version": version}}).status == 200
    stop.set()
    for asker in askers:
        asker.join()
    assert set(statuses) == {200}


@pytest.mark.parametrize(
    "headers",
    [{"host": "evil.example"}, {"x-forwarded-for": "10.0.0.1"}, {"origin": "https://evil.example"}, {"forwarded": "for=x"}],
)  # fmt: skip
def test_pages_and_proxies_may_not_give_orders(toy: Toy, headers: dict[str, str]):
    refused = toy.post(UNLOAD, {"parameters": {"version": "1"}}, **headers)
    assert (refused.status, refused.json()["error_code"]) == (403, "PERMISSION_DENIED")
    assert toy.post("/v2/models/toy/infer", {}).status == 200


def test_with_a_token_who_has_it_may(start: Any):
    toy = start({"versions": ["1"]}, control_token="secret")
    assert _load(toy, "2").status == 401
    wrong = toy.post(LOAD, {"parameters": {"folder": "/x", "version": "2"}}, authorization="Bearer other")
    assert wrong.status == 401
    right = {"authorization": "Bearer secret", "host": "model.example"}
    assert toy.post(LOAD, {"parameters": {"folder": "/x", "version": "2"}}, **right).status == 200
