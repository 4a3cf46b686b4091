"""`treering.serve`: a model server beside the program that wants it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from treering.client.model_loading import fetch_model
from treering.client.session import session
from treering.core.errors import InvalidInput
from treering.core.settings import read_settings
from treering.core.uri import parse_model_uri, scheme_of
from treering.models.load_options import LoadOptions
from treering.registry.locate import find_version
from treering.serving.aiming import Fetched, aim_at, models_of
from treering.serving.front.embedding import Running, running
from treering.serving.front.options import ServingOptions, what_of_models
from treering.serving.front.running import Where
from treering.serving.services.targets import workers_said

__all__ = ["serve"]


@contextmanager
def serve(
    target: str | Path | Sequence[str | Path],
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    trust: bool | Sequence[str] | None = None,
    **options: Any,
) -> Iterator[Running]:
    """Serve a model, a service or a bundle while the block runs, in processes of its own.

        with treering.serve("models:/iris@champion") as server:
            ask(server.url + "/invocations")

    Args:
        target: As `treering serve` takes it; several models are served together.
        port: 0 takes a free one.
        trust: The word that a model's code may run, as for `treering.pyfunc.load_model`.
        options: Fields of `treering.serving.front.options.ServingOptions`, such as `workers`, `timeout` and `weights`.

    Raises:
        NotFound: If there is no such target.
        TreeringError: If it cannot be served.
    """
    targets = [target] if isinstance(target, str | Path) else list(target)
    aims = [aim_at(str(one)) for one in targets]
    settings = read_settings()
    kinds = {aim.kind for aim in aims}
    if kinds == {"models"}:
        what = what_of_models(models_of(aims, _fetched), LoadOptions.of(settings, trust))
        options.setdefault("timeout", settings.model_server_timeout)
    elif len(aims) == 1:
        folder = str(Path.cwd())
        what = {"bundle": aims[0].target} if kinds == {"bundle"} else {"service": aims[0].target, "folder": folder}
        if kinds == {"service"}:
            options.setdefault("workers", workers_said(aims[0].target, folder))
    else:
        msg = f"Several targets must all be models, and {targets} are not. Serve a service or a bundle alone."
        raise InvalidInput(msg)
    options.setdefault("body", settings.max_body_bytes)
    with running(ServingOptions(aims[0].kind, what, **options), Where(host, port)) as server:
        yield server


def _fetched(uri: str) -> Fetched:
    version = ""
    if scheme_of(uri) == "models" and not (wanted := parse_model_uri(uri)).model_id:
        version = str(find_version(wanted, session().place.services().registry).version)
    return Fetched(fetch_model(uri), version)
