"""Hosts of models, asked without a server."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from treering.serving.hosting import Answer, Call, Host
from treering.serving.models.host import open_host
from treering.serving.models.paths import versioned

TRUSTING = {"allow_code": True, "quiet": True}


class Asker:
    """Asks the host of one model, `m`."""

    def __init__(self, folder: Path, **more: Any) -> None:
        given = {"models": [{"name": "m", "version": "1", "folder": str(folder)}], "loading": TRUSTING}
        self.host: Host = open_host({**given, **more})

    def together(self, *bodies: Any, kind: str = "invocations", content_type: str = "application/json") -> list[Answer]:
        """The answers to bodies that reach the host at once; what is no bytes is sent as JSON."""
        calls = [
            Call(
                b"id-%d" % place, content_type.encode(), body if isinstance(body, bytes) else json.dumps(body).encode()
            )
            for place, body in enumerate(bodies)
        ]
        return self.calls(calls, kind)

    def calls(self, calls: list[Call], kind: str = "invocations") -> list[Answer]:
        path = versioned(kind, "m", "1")
        route = next(one for one in self.host.offer().routes if one.path == path)
        return list(self.host.answer(route, calls))

    def post(self, body: Any, content_type: str = "application/json", kind: str = "invocations") -> Answer:
        return self.together(body, kind=kind, content_type=content_type)[0]

    def ask(self, body: Mapping[str, Any]) -> Any:
        """The predictions for a body that must be understood."""
        answer = self.post(body)
        assert answer.status == 200, answer.body
        return json.loads(answer.body)["predictions"]


@pytest.fixture
def asker() -> Callable[..., Asker]:
    """Opens a host of the model in a folder; further arguments go to `open_host`."""
    return Asker
