"""The record of deployments on a metadata store."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from treering.core.clock import now
from treering.core.errors import InvalidInput
from treering.entities.deployment import (
    DEPLOYMENT_ACTIONS,
    MAX_DEPLOYMENT_NAME,
    Deployment,
    DeploymentChange,
    DeploymentEvent,
    DeploymentQuery,
    DeploymentState,
)
from treering.entities.governance import Actor
from treering.entities.page import Page
from treering.storage.metadata.base import DeploymentStore

__all__ = ["StoredBook", "check_deployment_name"]

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_MOST = 1000
_LONGEST_VERSION = 256
_LONGEST_TARGET = 64
_LONGEST_TEXT = 10_000
_LONGEST_USER = 256


class StoredBook:
    """The `Book` of `treering.deployments.base`.

    Args:
        who: Tells whom this process, or the request that is answered, acts for.
    """

    def __init__(self, store: DeploymentStore, who: Callable[[], str]) -> None:
        self._store = store
        self._who = who

    def put(self, deployment: Deployment, changes: Sequence[DeploymentChange], *, user: str, reason: str) -> Deployment:
        """See the Protocol."""
        check_deployment_name(deployment.name)
        _check(deployment, changes)
        by = Actor(
            _short(user, _LONGEST_USER, "user").strip() or self._who().strip(), _short(reason, _LONGEST_TEXT, "reason")
        )
        made = (
            deployment if deployment.revision else replace(deployment, created=now(), owner=deployment.owner or by.user)
        )
        return self._store.put(replace(made, managed=False), changes, by=by, expected=deployment.revision)

    def get(self, name: str) -> Deployment:
        """See the Protocol."""
        return self._store.get(check_deployment_name(name))

    def search(self, query: DeploymentQuery) -> Page[Deployment]:
        """See the Protocol."""
        if query.state and query.state not in [*DeploymentState]:
            msg = f"{query.state[:100]!r} is no state of a deployment. There are: {', '.join(DeploymentState)}."
            raise InvalidInput(msg)
        return self._store.search(replace(query, max_results=_many(query.max_results)))

    def history(self, name: str, max_results: int = 100, page_token: str = "") -> Page[DeploymentEvent]:
        """See the Protocol."""
        if page_token and not (page_token.isascii() and page_token.isdigit()):
            msg = f"{page_token[:100]!r} is no page token. Give the one that came with the page before."
            raise InvalidInput(msg)
        self.get(name)
        found = self._store.history(name, int(page_token or 0), _many(max_results) + 1)
        more = len(found) > max_results
        return Page(found[:max_results], str(found[max_results - 1].seq) if more else "")


def check_deployment_name(name: str) -> str:
    """The name. Raises InvalidInput."""
    if len(name) > MAX_DEPLOYMENT_NAME or not _NAME.fullmatch(name):
        msg = (
            f"{name[:100]!r} is no name of a deployment: those have 1 to {MAX_DEPLOYMENT_NAME} letters, digits, dots,"
            " dashes and underscores, with a letter or digit at both ends. Choose another."
        )
        raise InvalidInput(msg)
    return name


def _check(deployment: Deployment, changes: Sequence[DeploymentChange]) -> None:
    _short(deployment.target, _LONGEST_TARGET, "target")
    for release in (deployment.current, deployment.candidate, deployment.previous):
        if release is not None:
            _short(release.version, _LONGEST_VERSION, "version")
            _short(release.model, _LONGEST_VERSION, "model")
    for change in changes:
        if change.action not in DEPLOYMENT_ACTIONS:
            msg = f"{change.action[:100]!r} is nothing that a deployment tells of. There are: {', '.join(DEPLOYMENT_ACTIONS)}."
            raise InvalidInput(msg)
        _short(change.detail, _LONGEST_TEXT, "detail")
        _short(change.reason, _LONGEST_TEXT, "reason")
        _short(change.before, _LONGEST_VERSION, "before")
        _short(change.after, _LONGEST_VERSION, "after")


def _short(text: str, most: int, what: str) -> str:
    if len(text) > most or "\0" in text:
        msg = (
            f"The {what} of a deployment has at most {most:,} characters, none of them a zero; this has {len(text):,}."
        )
        raise InvalidInput(msg)
    return text


def _many(asked: int) -> int:
    if not 1 <= asked <= _MOST:
        msg = f"max_results is {asked}; it can be 1 to {_MOST}."
        raise InvalidInput(msg)
    return asked
