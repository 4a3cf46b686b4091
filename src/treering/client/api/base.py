"""What all parts of `Client` stand on."""

from __future__ import annotations

from typing import Any

from treering.client.session import Place
from treering.entities.page import Page

__all__ = ["ClientPart", "PagedList", "paged"]


class ClientPart:
    """Knows the place that the client was made for."""

    _place: Place


class PagedList(list):  # type: ignore[type-arg]  # a list of whatever the page holds
    """One page of an answer.

    Attributes:
        token: Asks for the next page; None on the last.
    """

    token: str | None = None


def paged(page: Page[Any]) -> PagedList:
    """A page as MLflow's client gives it."""
    found = PagedList(page.items)
    found.token = page.next_token or None
    return found
