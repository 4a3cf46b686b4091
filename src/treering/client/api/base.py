"""What all parts of `Client` stand on."""

from __future__ import annotations

from collections.abc import Sequence

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


def paged(page: Page[object], items: Sequence[object] | None = None) -> PagedList:
    """A page as MLflow's client gives it."""
    found = PagedList(page.items if items is None else items)
    found.token = page.next_token or None
    return found
