"""Asking a host, so that there is an answer for each call whatever the host does."""

from __future__ import annotations

from collections.abc import Sequence

from treering.core.log import logger
from treering.serving.hosting import Answer, Call, Host, Route
from treering.serving.refusing import refusal

__all__ = ["ask"]


def ask(host: Host, route: Route | None, calls: Sequence[Call]) -> Sequence[Answer]:
    """An answer for each call, in their order."""
    if route is None:
        gone = refusal(404, "RESOURCE_DOES_NOT_EXIST", "What answered here was unloaded a moment ago.")
        return [gone] * len(calls)
    try:
        answers = host.answer(route, calls)
    except Exception:  # noqa: BLE001 -- the border of a worker
        logger.exception("Requests %s failed through a fault of the server.", _names(calls))
        return [_failed(call) for call in calls]
    if len(answers) != len(calls):
        logger.error("%s gave %d answers to %d requests.", route.path, len(answers), len(calls))
        return [_failed(call) for call in calls]
    return answers


def _failed(call: Call) -> Answer:
    name = call.request_id.decode("latin-1")
    return refusal(500, "INTERNAL_ERROR", f"The server failed. Its log says more: {name}")


def _names(calls: Sequence[Call]) -> str:
    return ", ".join(call.request_id.decode("latin-1") for call in calls)
