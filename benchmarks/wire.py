"""The same small HTTP client for both servers, speaking MLflow's JSON over one kept connection."""

from __future__ import annotations

import http.client
import json
import time
from types import TracebackType
from typing import Any, Self

__all__ = ["Wire"]


class Wire:
    """One connection to a server on this machine."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def post(self, path: str, body: Any) -> Any:
        """Send `body` as JSON to `/api/2.0/mlflow/<path>` and read the answer's JSON."""
        return json.loads(self.post_bytes(path, json.dumps(body).encode())[1] or b"{}")

    def post_bytes(self, path: str, body: bytes) -> tuple[float, bytes]:
        """As `post`, for a body that is bytes already; also says how many seconds it took."""
        return self.ask(f"/api/2.0/mlflow/{path}", body)

    def ask(self, path: str, body: bytes | None = None) -> tuple[float, bytes]:
        """The answer at any path, to a GET where there is no body, and how many seconds it took."""
        began = time.perf_counter()
        self._connection.request(
            "POST" if body else "GET", path, body, {"Content-Type": "application/json"} if body else {}
        )
        answer = self._connection.getresponse()
        data = answer.read()
        taken = time.perf_counter() - began
        if answer.status != 200:
            msg = f"{path} answered {answer.status}: {data[:500].decode(errors='replace')}"
            raise RuntimeError(msg)
        return taken, data
