"""Looks after deployments that change by themselves, so that what a canary decided is recorded and told though nobody looks."""

from __future__ import annotations

import threading
from collections.abc import Callable

from treering.core.errors import TreeringError
from treering.core.log import logger
from treering.deployments.base import Deployments
from treering.entities.deployment import DeploymentQuery, DeploymentState

__all__ = ["keep_watching"]

_EVERY = 5.0
_STATES = (DeploymentState.CANARY, DeploymentState.PENDING)


def keep_watching(deployments: Callable[[], Deployments], stop: threading.Event, every: float = _EVERY) -> None:
    """Look every few seconds until the event is set."""
    while not stop.wait(every):
        try:
            known = deployments()
            for state in _STATES:
                for one in known.search(DeploymentQuery(state=state, max_results=100)).items:
                    if one.managed and not stop.is_set():
                        known.status(one.name)
        except TreeringError as error:
            logger.debug("Deployments could not be looked after.", exc_info=error)
