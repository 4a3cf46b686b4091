"""A bundle as its server has it, opened in this process: to describe it, and to ask it its sample requests."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec

from treering.bundles import samples
from treering.bundles.build import Plan
from treering.bundles.samples import Sample
from treering.core.errors import TreeringError
from treering.core.settings import read_settings
from treering.models.load_options import LoadOptions
from treering.serving.hosting import HOSTS, Call

__all__ = ["ask_service", "description_of", "loading_of"]

_RIGHT = 200


def description_of(plan: Plan) -> Callable[[Path], bytes]:
    """What gives the OpenAPI document of a bundle that is built by a plan."""

    def describe(folder: Path) -> bytes:
        order = {"bundle": str(folder), "check": "none", "loading": loading_of(plan.loading)}
        with closing(HOSTS.load("bundle")(order)) as host:
            return msgspec.json.format(host.offer().openapi, indent=1) + b"\n"

    return describe


def ask_service(folder: Path, asked: Sequence[Sample]) -> list[str]:
    """Send sample requests to the bundle's own host; what is wrong with the answers."""
    order = {"bundle": str(folder), "loading": loading_of(LoadOptions.of(read_settings()))}
    try:
        host = HOSTS.load("bundle")(order)
    except TreeringError as error:
        return [f"it cannot be served: {error}"]
    with closing(host):
        routes = {route.path: route for route in host.offer().routes if route.method == "POST"}
        wrong: list[str] = []
        for one in asked:
            if one.path not in routes:
                wrong.append(f"a sample request is for {one.path}, where nothing answers")
                continue
            call = Call(b"sample", b"application/json", msgspec.json.encode(one.body))
            answer = host.answer(routes[one.path], [call])[0]
            if answer.status != _RIGHT:
                said = answer.body[:200].decode("utf-8", "replace")
                wrong.append(f"{one.path} answers {answer.status}: {said}")
            else:
                found = msgspec.json.decode(answer.body)
                wrong += [f"{one.path}: {told}" for told in samples.differences(one.answer, found, one.tolerance)]
    return wrong


def loading_of(options: LoadOptions) -> Mapping[str, Any]:
    """How models are loaded, as plain values."""
    values = asdict(options)
    return {**values, "own": str(options.own) if options.own is not None else None}
