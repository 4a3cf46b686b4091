"""What a search is asked, and one page of its answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from treering.entities.lifecycle import View

__all__ = ["Page", "Query", "every", "order_term"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Query:
    """A search in the user's words.

    Attributes:
        filter: Conditions in the search grammar; "" matches everything.
        order_by: Terms such as `metrics.loss ASC`; the store adds a tie-breaker.
        max_results: Most items on the page.
        page_token: The `next_token` of the page before, or "".
        experiment_ids: Where runs and logged models are looked for; empty finds none.
        with_total: Whether to count all matches, which costs time.
    """

    filter: str = ""
    order_by: Sequence[str] = ()
    max_results: int = 1000
    page_token: str = ""
    view: View = View.ACTIVE_ONLY
    experiment_ids: Sequence[str] = ()
    with_total: bool = False


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of an answer.

    Attributes:
        next_token: Opaque; "" on the last page. It names the last item seen, so
            that rows written in between neither repeat nor hide others.
        total: How many match in all, where it was asked for.
    """

    items: Sequence[T]
    next_token: str = ""
    total: int | None = None


def every(search: Callable[[Query], Page[T]], query: Query) -> Iterator[T]:
    """All items that match, read page by page as they are asked for; `query.max_results` is a page's size."""
    while True:
        page = search(query)
        yield from page.items
        if not page.next_token:
            return
        query = replace(query, page_token=page.next_token)


def order_term(field: str, *, ascending: bool = True, dataset_name: str = "", dataset_digest: str = "") -> str:
    """One term of an order, given in parts; a metric of a logged model may be that on one dataset."""
    name, digest = (text.replace("'", "''") for text in (dataset_name, dataset_digest))
    on = f" ON '{name}' '{digest}'" if dataset_name else ""
    return f"{field}{on} {'ASC' if ascending else 'DESC'}"
