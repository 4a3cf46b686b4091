"""What `treering serve` makes of a service's target: its workers, and the services that it depends on."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any, NamedTuple

from treering.core.plugins import Registry
from treering.serving.services.targets import workers_said

__all__ = ["Prepared", "prepare"]

_APART: Registry[Any] = Registry(
    "treering.serving_apart",
    "way to serve what a service depends on",
    {"apart": "treering.serving.services.apart:apart"},
)


class Prepared(NamedTuple):
    """A service, ready to be served.

    Attributes:
        workers: As many as it asks for.
    """

    what: dict[str, Any]
    workers: int


def prepare(target: str, stack: ExitStack, *, separate: bool) -> Prepared:
    """What the host is opened with.

    Args:
        stack: Ends the services that run apart.
        separate: Whether what it depends on is to run apart from it.

    Raises:
        TreeringError: If it cannot be imported, or one that it depends on cannot be served.
    """
    what: dict[str, Any] = {"service": target, "folder": "."}
    if separate:
        what["elsewhere"] = dict(stack.enter_context(_APART.load("apart")(target, ".")))
    return Prepared(what, workers_said(target))
