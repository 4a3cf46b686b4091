"""The one shape of every search in the native API: a `Query` as a request's body."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Self, TypeVar

import msgspec

from treering.entities.lifecycle import View
from treering.entities.page import Query

__all__ = ["SearchBody", "SearchInExperiments", "SearchInView"]

Body = TypeVar("Body", bound="SearchBody")

_PARTS = tuple(part.name for part in fields(Query))


class SearchBody(msgspec.Struct, frozen=True, kw_only=True):
    """A filter and an ordering in the search grammar, and the page that is asked for."""

    filter: str = ""
    order_by: Sequence[str] = ()
    max_results: int = 200
    page_token: str = ""
    with_total: bool = False

    @classmethod
    def of(cls, query: Query, **more: Any) -> Self:
        """The body that asks for `query`; `more` are fields beside the query's."""
        return cls(**{name: getattr(query, name) for name in _PARTS if name in cls.__struct_fields__}, **more)

    def query(self) -> Query:
        """What is asked for."""
        return Query(**{name: getattr(self, name) for name in _PARTS if name in self.__struct_fields__})


class SearchInView(SearchBody, frozen=True, kw_only=True):
    """The same over things that can be deleted softly."""

    view: View = View.ACTIVE_ONLY


class SearchInExperiments(SearchInView, frozen=True, kw_only=True):
    """The same over things that belong to experiments."""

    experiment_ids: Sequence[str]
