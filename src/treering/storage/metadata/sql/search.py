"""Compiles conditions and orderings of the search grammar to SQL.

Each object says in a `Target` which columns and which key-value tables its fields
stand in. A page is found in two steps: the keys of its rows, in order, by the
indexes; then the rows by their keys, which is the store's part.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    and_,
    case,
    exists,
    false,
    func,
    not_,
    or_,
    select,
    true,
)

from treering.entities.dataset import Dataset
from treering.entities.page import Query
from treering.storage.metadata.search.evaluate import check_size
from treering.storage.metadata.search.fields import Vocabulary
from treering.storage.metadata.search.grammar import parse_search
from treering.storage.metadata.search.paging import Cursor, digest_of, read_token, write_token
from treering.storage.metadata.search.syntax import (
    COMPARE,
    Aggregate,
    And,
    Comparison,
    Condition,
    Entity,
    Field,
    Kind,
    Not,
    Operator,
    OrderTerm,
    Scalar,
)
from treering.storage.metadata.sql.dialects import Dialect
from treering.storage.metadata.sql.floats import NAN, from_sortable, sortable
from treering.storage.metadata.sql.texts import HEAD, split

__all__ = ["Found", "Keyed", "Target", "find"]

_LARGEST = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class Keyed:
    """A table that holds values of one entity by owner and key.

    Attributes:
        owner: Its columns that name the owner, in the order of `Target.identity`.
        number: The column of a sortable float; "" where `head` and `tail` hold a text.
        by_dataset: Whether several rows may stand under one key, for different datasets.

    A table with texts may have a column `number` for what they state, one with metrics columns for their aggregates.
    """

    table: FromClause
    owner: tuple[str, ...]
    number: str = ""
    by_dataset: bool = False

    def column(self, table: FromClause, asked: Field) -> ColumnElement[Any]:
        """Where the value of a field stands in `table`, which is this one or an alias of it."""
        if asked.entity is Entity.DATASET:
            return table.c[asked.key]
        if asked.aggregate is not Aggregate.LAST:
            return table.c[_AGGREGATES[asked.aggregate]]
        if self.number:
            return table.c[self.number]
        return table.c["number" if asked.kind is Kind.NUMBER else "head"]


_AGGREGATES = {Aggregate.MIN: "minimum", Aggregate.MAX: "maximum", Aggregate.COUNT: "count"}


@dataclass(frozen=True, slots=True)
class Target:
    """Where the fields of one kind of object stand.

    Attributes:
        source: The table, or tables joined, with one row per object.
        identity: The columns that name an object.
        columns: Those of the attributes.
        keyed: The tables of the other entities; for datasets one with a column per key.
    """

    vocabulary: Vocabulary
    source: FromClause
    identity: tuple[ColumnElement[Any], ...]
    columns: Mapping[str, ColumnElement[Any]]
    keyed: Mapping[Entity, Keyed] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Found:
    """The keys of one page's rows.

    Attributes:
        identities: A tuple of values of `Target.identity` per row.
    """

    identities: Sequence[tuple[Any, ...]]
    next_token: str
    total: int | None


def find(
    connection: Connection,
    dialect: Dialect,
    target: Target,
    query: Query,
    within: ColumnElement[bool],
    datasets: Sequence[Dataset] = (),
) -> Found:
    """One page of the objects that `query` finds among those `within`.

    Raises:
        BadFilter: If the filter or an ordering cannot be understood.
        InvalidInput: If the page token belongs to another search.
    """
    search = parse_search(target.vocabulary, query.filter, query.order_by)
    check_size(query)
    scope = [f"{dataset.name}\n{dataset.digest}" for dataset in datasets]
    digest = digest_of(target.vocabulary.noun, query, *scope)
    start = read_token(query.page_token, digest, search.order)
    compiler = _Compiler(dialect, target, [(dataset.name, dataset.digest) for dataset in datasets])
    where = within if search.condition is None else and_(within, compiler.condition(search.condition))
    total = None
    if query.with_total:
        total = connection.execute(select(func.count()).select_from(target.source).where(where)).scalar_one()
    columns = [compiler.sorting(term) for term in search.order]
    statement = select(*target.identity, *(column.value for column in columns))
    statement = statement.select_from(compiler.source).where(where)
    if start is not None:
        statement = statement.where(_behind(columns, start))
    statement = statement.order_by(*(part for column in columns for part in column.order_by()))
    rows = connection.execute(statement.limit(query.max_results + 1)).all()
    page = rows[: query.max_results]
    width = len(target.identity)
    more = bool(page) and len(rows) > len(page)
    token = ""
    if more:
        last = tuple(column.read(value) for column, value in zip(columns, page[-1][width:], strict=True))
        token = write_token(digest, last)
    return Found([tuple(row[:width]) for row in page], token, total)


@dataclass(frozen=True, slots=True)
class _Sorting:
    """A term of an ordering as a column; NULL in it means that the object lacks the key."""

    kind: Kind
    value: ColumnElement[Any]
    descending: bool
    nullable: bool

    def order_by(self) -> list[ColumnElement[Any]]:
        rank = [self.rank().asc()] if self.nullable else []
        return [*rank, self.part().desc() if self.descending else self.part().asc()]

    def rank(self) -> ColumnElement[int]:
        """0 for what can be compared, 1 for NaN, 2 for a missing value."""
        if self.kind is Kind.NUMBER:
            return case((self.value.is_(None), 2), (self.value == NAN, 1), else_=0)
        return case((self.value.is_(None), 2), else_=0)

    def part(self) -> ColumnElement[Any]:
        """The column without NULL."""
        empty: str | int = "" if self.kind is Kind.TEXT else 0
        return func.coalesce(self.value, empty) if self.nullable else self.value

    def read(self, value: Any) -> Scalar | None:
        if value is None or self.kind is not Kind.NUMBER:
            found: Scalar | None = value
            return found
        return from_sortable(value)

    def bounds(self, value: Scalar | None) -> list[tuple[ColumnElement[Any], Any, bool]]:
        """(column, its value at the cursor, whether it descends), the most significant one first."""
        wanted: Any = value
        rank = 0
        if value is None:
            wanted, rank = "" if self.kind is Kind.TEXT else 0, 2
        elif self.kind is Kind.NUMBER:
            wanted = sortable(float(value))
            rank = 1 if wanted == NAN else 0
        ranks = [(self.rank(), rank, False)] if self.nullable else []
        return [*ranks, (self.part(), wanted, self.descending)]


def _behind(columns: Sequence[_Sorting], cursor: Cursor) -> ColumnElement[bool]:
    """Rows that come behind `cursor`."""
    bounds = [bound for column, value in zip(columns, cursor, strict=True) for bound in column.bounds(value)]
    condition: ColumnElement[bool] = false()
    for column, value, descending in reversed(bounds):
        further = column < value if descending else column > value
        # The first half says nothing new, but an index can use it.
        at_least = column <= value if descending else column >= value
        condition = and_(at_least, or_(further, condition))
    return condition


class _Compiler:
    """Compiles one search; gathers the joins that its ordering needs in `source`."""

    def __init__(self, dialect: Dialect, target: Target, datasets: Sequence[tuple[str, str]]) -> None:
        self._dialect = dialect
        self._target = target
        self._datasets = datasets
        self.source = target.source

    # Conditions

    def condition(self, condition: Condition) -> ColumnElement[bool]:
        if isinstance(condition, Comparison):
            return self._comparison(condition)
        if isinstance(condition, Not):
            return not_(self.condition(condition.part))
        join = and_ if isinstance(condition, And) else or_
        return join(*(self.condition(part) for part in condition.parts))

    def _comparison(self, comparison: Comparison) -> ColumnElement[bool]:
        asked = comparison.field
        if asked.entity is Entity.ATTRIBUTE:
            return self._on_column(comparison, self._target.columns[asked.key])
        keyed = self._target.keyed[asked.entity]
        table = keyed.table
        where = [table.c[mine] == other for mine, other in zip(keyed.owner, self._target.identity, strict=True)]
        if asked.entity is not Entity.DATASET:
            where.append(table.c.key == asked.key)
        if keyed.by_dataset:
            where.append(_on_datasets(table, self._datasets))
        column = keyed.column(table, asked)
        if column.nullable:
            where.append(column.is_not(None))
        if comparison.operator is Operator.IS_NULL:
            return not_(exists().where(*where))
        if comparison.operator is not Operator.IS_NOT_NULL:
            where.append(self._on_keyed(comparison, keyed, column))
        return exists().where(*where)

    def _on_column(self, comparison: Comparison, column: ColumnElement[Any]) -> ColumnElement[bool]:
        if comparison.operator is Operator.IS_NULL:
            return column.is_(None)
        if comparison.operator is Operator.IS_NOT_NULL:
            return column.is_not(None)
        match comparison.field.kind:
            case Kind.TEXT:
                condition = self._text(comparison, column, None)
            case Kind.ID:
                condition = _ids(comparison, column)
            case _:
                condition = _whole(comparison, column)
        # What is unknown in SQL is false here, so that NOT makes it true.
        return and_(column.is_not(None), condition) if getattr(column, "nullable", True) else condition

    def _on_keyed(self, comparison: Comparison, keyed: Keyed, column: ColumnElement[Any]) -> ColumnElement[bool]:
        kind = comparison.field.kind
        if kind is Kind.TEXT:
            has_tail = comparison.field.entity is not Entity.DATASET
            return self._text(comparison, column, keyed.table.c.tail if has_tail else None)
        if kind is Kind.WHOLE:
            return _whole(comparison, column)
        number = sortable(float(str(comparison.value)))
        condition: ColumnElement[bool] = COMPARE[comparison.operator](column, number)
        above = comparison.operator in {Operator.GREATER, Operator.AT_LEAST}
        return and_(condition, column < NAN) if above else condition

    def _text(
        self, comparison: Comparison, head: ColumnElement[str], tail: ColumnElement[str | None] | None
    ) -> ColumnElement[bool]:
        value = comparison.value
        match comparison.operator:
            case Operator.EQUAL:
                return _equal(head, tail, str(value))
            case Operator.UNEQUAL:
                return not_(_equal(head, tail, str(value)))
            case Operator.IN:
                return _among(head, tail, _listed(value))
            case Operator.NOT_IN:
                return not_(_among(head, tail, _listed(value)))
            case _:
                whole = head if tail is None else head + func.coalesce(tail, "")
                return self._dialect.like(whole, str(value), comparison.operator is Operator.ILIKE)

    # Orderings

    def sorting(self, term: OrderTerm) -> _Sorting:
        asked = term.field
        if asked.entity is Entity.ATTRIBUTE:
            column = self._target.columns[asked.key]
            nullable = getattr(column, "nullable", True)
            if asked.kind is Kind.TEXT and (getattr(column.type, "length", None) or HEAD + 1) > HEAD:
                column = func.substr(column, 1, HEAD)
            return _Sorting(asked.kind, column, term.descending, nullable)
        keyed = self._target.keyed[asked.entity]
        if keyed.by_dataset:
            return _Sorting(asked.kind, self._last(keyed, asked, term.dataset), term.descending, nullable=True)
        table = keyed.table.alias()
        owner = zip(keyed.owner, self._target.identity, strict=True)
        matching = and_(*(table.c[mine] == other for mine, other in owner), table.c.key == asked.key)
        self.source = self.source.outerjoin(table, matching)
        return _Sorting(asked.kind, keyed.column(table, asked), term.descending, nullable=True)

    def _last(self, keyed: Keyed, asked: Field, dataset: tuple[str, str] | None) -> ColumnElement[Any]:
        """The metric of a logged model that was logged last, on any of the datasets."""
        table = keyed.table.alias()
        owner = zip(keyed.owner, self._target.identity, strict=True)
        statement = select(table.c[keyed.number]).where(
            *(table.c[mine] == other for mine, other in owner),
            table.c.key == asked.key,
            _on_datasets(table, self._datasets if dataset is None else [dataset]),
        )
        latest = [table.c[name].desc() for name in ("step", "timestamp", "dataset_name", "dataset_digest")]
        return statement.order_by(*latest).limit(1).scalar_subquery()


def _listed(value: Scalar | tuple[str, ...] | None) -> Sequence[str]:
    return value if isinstance(value, tuple) else (str(value),)


def _equal(head: ColumnElement[str], tail: ColumnElement[str | None] | None, value: str) -> ColumnElement[bool]:
    if tail is None:
        return head == value
    first, rest = split(value)
    # Without coalesce the comparison could be unknown, and so would be its opposite.
    return and_(head == first, tail.is_(None) if rest is None else func.coalesce(tail, "") == rest)


def _among(
    head: ColumnElement[str], tail: ColumnElement[str | None] | None, values: Sequence[str]
) -> ColumnElement[bool]:
    if tail is None:
        return head.in_(values)
    long = [value for value in values if split(value)[1] is not None]
    short = [value for value in values if split(value)[1] is None]
    return or_(and_(head.in_(short), tail.is_(None)), *(_equal(head, tail, value) for value in long))


def _ids(comparison: Comparison, column: ColumnElement[int]) -> ColumnElement[bool]:
    """Ids are numbers in the database; text that is no such number is no id."""
    known = [int(text) for text in _listed(comparison.value) if text.isdecimal() and str(int(text)) == text]
    known = [number for number in known if number <= _LARGEST]
    among = column.in_(known)
    return among if comparison.operator in {Operator.EQUAL, Operator.IN} else not_(among)


def _whole(comparison: Comparison, column: ColumnElement[int]) -> ColumnElement[bool]:
    """A column of whole numbers against a number that need not be one, nor fit."""
    value = comparison.value
    compared, number = comparison.operator, 0
    if isinstance(value, int):
        number = value
    elif compared is Operator.EQUAL:
        return false()
    elif compared is Operator.UNEQUAL:
        return true()
    elif compared in {Operator.LESS, Operator.AT_LEAST}:
        number = math.ceil(float(str(value)))
    else:
        number = math.floor(float(str(value)))
    if abs(number) > _LARGEST:
        # Beyond all numbers that fit: it compares to any as it does to 0.
        return true() if COMPARE[compared](0, number) else false()
    condition: ColumnElement[bool] = COMPARE[compared](column, number)
    return condition


def _on_datasets(table: FromClause, datasets: Sequence[tuple[str, str]]) -> ColumnElement[bool]:
    if not datasets:
        return true()
    return or_(
        *(
            and_(table.c.dataset_name == name, table.c.dataset_digest == digest if digest else true())
            for name, digest in datasets
        )
    )
