"""Walking through all pages of a search."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeVar

from treering.entities.page import Page, Query

__all__ = ["every"]

T = TypeVar("T")


def every(search: Callable[[Query], Page[T]], query: Query) -> Iterator[T]:
    """All items that match, read page by page as they are asked for; `query.max_results` is a page's size."""
    while True:
        page = search(query)
        yield from page.items
        if not page.next_token:
            return
        query = replace(query, page_token=page.next_token)
