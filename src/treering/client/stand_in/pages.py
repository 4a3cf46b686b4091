"""`mlflow.store`: pages of answers, and how long they are. Its stores and their base classes are not here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

__all__ = [
    "GET_METRIC_HISTORY_MAX_RESULTS",
    "SEARCH_MAX_RESULTS_DEFAULT",
    "SEARCH_MAX_RESULTS_THRESHOLD",
    "PagedList",
]

T = TypeVar("T")

GET_METRIC_HISTORY_MAX_RESULTS = 25_000
SEARCH_MAX_RESULTS_DEFAULT = 1000
SEARCH_MAX_RESULTS_THRESHOLD = 50_000


class PagedList(list[T]):
    """A page, with the token of the next; None or "" on the last."""

    def __init__(self, items: Iterable[T], token: str | None) -> None:
        super().__init__(items)
        self.token = token

    def to_list(self) -> list[T]:
        """The items alone."""
        return list(self)
