"""What a Ray cluster runs for a deployment: a model behind HTTP, loaded by its URI, in all forms of a model server."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

__all__ = ["build"]


def build(args: Mapping[str, Any]) -> Any:
    """An application of Ray Serve; called on the cluster.

    Args:
        args: `source`, the URI of the model; `model` and `version`, what it is called.
    """
    serve: Any = importlib.import_module("ray.serve")
    responses: Any = importlib.import_module("starlette.responses")

    class Model:
        """One copy."""

        def __init__(self, given: Mapping[str, Any]) -> None:
            folder = _folder(given["source"])
            host = importlib.import_module("treering.serving.models.host")
            options = importlib.import_module("treering.serving.front.options")
            model = {"name": given["model"] or "model", "version": given["version"] or "1", "folder": folder}
            self._host = host.open_host(options.what_of_models([model]))
            self._hosting = importlib.import_module("treering.serving.hosting")
            self._route = next(one for one in self._host.offer().routes if one.path.endswith("/invocations"))

        async def __call__(self, request: Any) -> Any:
            body = await request.body()
            call = self._hosting.Call(b"ray", request.headers.get("content-type", "").encode(), body)
            (answer,) = self._host.answer(self._route, [call])
            return responses.Response(answer.body, answer.status, media_type=answer.content_type.decode())

    return serve.deployment(name="model")(Model).bind(dict(args))


def _folder(source: str) -> str:
    """The model's files on this machine."""
    artifacts = importlib.import_module("treering.client.artifacts")
    return str(artifacts.download_artifacts(source))
