"""Fields as the columns of a table: how they are read, written, and found again by a filter."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from treering.entities.grid import Cell, GroupsQuery, KeyKind, ValuesQuery
from treering.storage.metadata.search.fields import RUNS
from treering.storage.metadata.search.grammar import parse_field
from treering.storage.metadata.search.lexer import bad_filter
from treering.storage.metadata.search.syntax import Entity, Field, Kind

__all__ = ["DISTINCT", "TEXT_KEYS", "TIME_KEYS", "Term", "filter_of", "group_terms", "key_field", "term", "text_term"]

DISTINCT = 1000
"""More texts of one key than this are not counted."""

TEXT_KEYS = tuple(key for key, kind in RUNS.attributes.items() if kind is Kind.TEXT)
"""Attributes that are texts."""

TIME_KEYS = tuple(key for key, kind in RUNS.attributes.items() if kind is not Kind.TEXT)
"""Attributes that are whole numbers."""

_PREFIXES = {KeyKind.METRIC: "metrics", KeyKind.PARAM: "params", KeyKind.TAG: "tags"}


@dataclass(frozen=True, slots=True)
class Term:
    """A field as a column: the first of `fields` that a run has a value for is meant.

    Attributes:
        text: As it was asked for; so it stands in filters.
    """

    text: str
    fields: tuple[Field, ...]

    @property
    def is_text(self) -> bool:
        """Whether its values are texts."""
        return self.fields[0].kind is Kind.TEXT

    @property
    def numbers(self) -> tuple[Field, ...]:
        """The fields whose numbers are summed up: of a param those that its texts state; none for other texts."""
        if not self.is_text:
            return self.fields
        only = self.fields[0]
        return (Field(only.entity, only.key, Kind.NUMBER),) if only.entity is Entity.PARAM else ()


def term(text: str) -> Term:
    """Raises BadFilter."""
    return Term(text.strip(), parse_field(RUNS, text))


def group_terms(query: GroupsQuery) -> tuple[list[Term], list[Term]]:
    """What is grouped by, and what is summed up. Raises BadFilter."""
    return [term(text) for text in query.by], [term(text) for text in query.columns]


def text_term(query: ValuesQuery) -> Term:
    """The field whose texts are asked for. Raises BadFilter if it has numbers."""
    found = term(query.field)
    if not found.is_text:
        reason = f"{found.text} is a number; only texts are listed. Ask for a param, a tag or a text attribute."
        raise bad_filter(query.field, 0, len(query.field), reason)
    return found


def key_field(kind: KeyKind, key: str) -> str:
    """A key as it is written in filters."""
    if kind is KeyKind.ATTRIBUTE:
        return f"attributes.{key}"
    quoted = key.replace("`", "``")
    return f"{_PREFIXES[kind]}.`{quoted}`"


def filter_of(terms: Sequence[Term], values: Sequence[Cell]) -> str:
    """Finds the runs that have exactly these values."""
    return " AND ".join(_one(one.text, value) for one, value in zip(terms, values, strict=True))


def _one(field: str, value: Cell) -> str:
    if value is None:
        return f"{field} IS NULL"
    if isinstance(value, str):
        quoted = value.replace("'", "''")
        return f"{field} = '{quoted}'"
    if isinstance(value, float) and math.isnan(value):
        # The grammar has no word for it: it is what differs from 0 and is neither above nor below.
        return f"{field} != 0 AND NOT {field} > 0 AND NOT {field} < 0"
    if isinstance(value, float) and math.isinf(value):
        largest = sys.float_info.max
        return f"{field} > {largest!r}" if value > 0 else f"{field} < {-largest!r}"
    return f"{field} = {value!r}"
