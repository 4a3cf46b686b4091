"""What a Ray cluster runs, without one: a copy loads its model and answers as a model server does."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from deployed_models import saved
from treering.deployments.ray_application import build


class Request:
    def __init__(self, body: bytes, content_type: str) -> None:
        self._body = body
        self.headers = {"content-type": content_type}

    async def body(self) -> bytes:
        return self._body


@pytest.fixture(autouse=True)
def ray(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Ray whose deployments are made where they are bound."""

    class Bound:
        def __init__(self, made: type) -> None:
            self._made = made

        def bind(self, *given: Any) -> Any:
            return self._made(*given)

    def deployment(*, name: str) -> Callable[[type], Bound]:
        assert name == "model"
        return Bound

    package, serve = ModuleType("ray"), ModuleType("ray.serve")
    serve.deployment = deployment  # type: ignore[attr-defined]  # of this double
    monkeypatch.setitem(sys.modules, "ray", package)
    monkeypatch.setitem(sys.modules, "ray.serve", serve)


def test_a_copy_answers_as_a_model_server_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TREERING_HOME", str(tmp_path / "home"))
    copy = build({"source": str(saved(tmp_path, 3.0)), "model": "iris", "version": "1"})
    for body, status in ((b'{"inputs": [[1.0, 2.0]]}', 200), (b'{"inputs": [["x"]]}', 400)):
        answer = asyncio.run(copy(Request(body, "application/json")))
        assert answer.status_code == status
        assert answer.media_type == "application/json"
        told = json.loads(answer.body)
        assert told == {"predictions": [3.0]} if status == 200 else "message" in told
