"""Reads filters and orderings: recursive descent over the tokens of `lexer`.

filter     = [ any [ AND ] ]
any        = all { OR all }
all        = one { AND one }
one        = NOT one | "(" any ")" | comparison
comparison = field ( "=" | "!=" | "<" | "<=" | ">" | ">=" | LIKE | ILIKE ) value
           | field [ NOT ] IN "(" string { "," string } ")"
           | field IS [ NOT ] NULL
value      = string | number | span | now "(" ")" [ ( "+" | "-" ) span ], as the field wants it
order      = field [ ON dataset-name [ dataset-digest ] ] [ ASC | DESC ]
field      = [ prefix "." ] key [ "." ( min | max | last | count ) ] [ AS NUMBER ],
             where a key may stand in quotes or backticks
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from treering.core.clock import now
from treering.storage.metadata.search.fields import DATASET_KEYS, Vocabulary
from treering.storage.metadata.search.lexer import Token, TokenKind
from treering.storage.metadata.search.stream import TokenStream, meant
from treering.storage.metadata.search.syntax import (
    Aggregate,
    And,
    Comparison,
    Condition,
    Entity,
    Field,
    Kind,
    Not,
    Operator,
    Or,
    OrderTerm,
    Search,
)
from treering.storage.metadata.search.values import read_value

__all__ = ["parse_field", "parse_filter", "parse_order", "parse_search"]

_MOST_COMPARISONS = 250
_MOST_LISTED = 10_000
_DEEPEST = 50

_ORDERED = {Operator.LESS, Operator.AT_MOST, Operator.GREATER, Operator.AT_LEAST}
_PATTERNS = {Operator.LIKE, Operator.ILIKE}
_EQUALITY = {Operator.EQUAL, Operator.UNEQUAL}
_NUMERIC = _EQUALITY | _ORDERED
_OPERATORS = {
    Kind.TEXT: _EQUALITY | _PATTERNS,
    Kind.NUMBER: _NUMERIC,
    Kind.TIME: _NUMERIC,
    Kind.DURATION: _NUMERIC,
    Kind.WHOLE: _NUMERIC,
    Kind.ID: _EQUALITY,
}
_KINDS = {Entity.METRIC: Kind.NUMBER, Entity.PARAM: Kind.TEXT, Entity.TAG: Kind.TEXT, Entity.DATASET: Kind.TEXT}
_OTHER_LANGUAGES = {"==": "=", "<>": "!="}


def parse_search(vocabulary: Vocabulary, text: str, order_by: Sequence[str]) -> Search:
    """A filter and an ordering, understood; the ordering is made total. Raises BadFilter."""
    return Search(parse_filter(vocabulary, text), parse_order(vocabulary, order_by))


def parse_filter(vocabulary: Vocabulary, text: str, moment: int | None = None) -> Condition | None:
    """The condition that `text` states; None where it is blank.

    Args:
        moment: What `now()` stands for, in milliseconds since the epoch; None for the present.

    Raises:
        BadFilter: If it cannot be understood.
    """
    return _Parser(vocabulary, text, now() if moment is None else moment).filter()


def parse_order(vocabulary: Vocabulary, order_by: Sequence[str]) -> tuple[OrderTerm, ...]:
    """The ordering, followed by what breaks ties; a column that comes again is dropped. Raises BadFilter."""
    asked = [term for text in order_by for term in _Parser(vocabulary, text, 0).order()]
    total: dict[tuple[Field, tuple[str, str] | None], OrderTerm] = {}
    for term in (*asked, *vocabulary.order):
        total.setdefault((term.field, term.dataset), term)
    return tuple(total.values())


def parse_field(vocabulary: Vocabulary, text: str) -> tuple[Field, ...]:
    """The fields that may be meant by a column, of which the first that an object has a value for is.

    They are two where a metric has an aggregate's name in its own, such as `loss.min`. Raises BadFilter.
    """
    return _Parser(vocabulary, text, 0).column()


@dataclass(frozen=True, slots=True)
class _Asked:
    """A field as it was written.

    Attributes:
        exact: A metric that has the aggregate's whole name, such as `loss.min`; where an object has it, it is meant.
    """

    field: Field
    exact: Field | None = None


class _Parser:
    """One pass over one text."""

    def __init__(self, vocabulary: Vocabulary, text: str, moment: int) -> None:
        self._vocabulary = vocabulary
        self._stream = TokenStream(text)
        self._moment = moment
        self._comparisons = 0
        self._depth = 0

    def filter(self) -> Condition | None:
        stream = self._stream
        if stream.peek().kind is TokenKind.END:
            return None
        condition = self._any()
        if stream.behind().kind is TokenKind.END:
            stream.accept("AND")
        if stream.peek().kind is not TokenKind.END:
            raise stream.unexpected(stream.peek(), ("AND", "OR", "the end"))
        return condition

    def order(self) -> list[OrderTerm]:
        stream = self._stream
        start = stream.peek()
        asked = self._field()
        if asked.field.entity is Entity.DATASET:
            raise stream.error(start, f"{self._vocabulary.noun.capitalize()} cannot be ordered by their datasets.")
        dataset = None
        if self._vocabulary.by_dataset and asked.field.entity is Entity.METRIC and stream.accept("ON"):
            name = stream.string()
            dataset = (name, stream.string() if stream.peek().kind is TokenKind.QUOTED else "")
        descending = stream.peek().word == "DESC"
        if stream.peek().word in {"ASC", "DESC"}:
            stream.take()
        if stream.peek().kind is not TokenKind.END:
            raise stream.unexpected(stream.peek(), ("ASC", "DESC", "the end"))
        fields = [asked.field] if asked.exact is None else [asked.exact, asked.field]
        return [OrderTerm(field, descending, dataset) for field in fields]

    def column(self) -> tuple[Field, ...]:
        stream = self._stream
        start = stream.peek()
        asked = self._field()
        if asked.field.entity is Entity.DATASET:
            raise stream.error(start, f"{self._vocabulary.noun.capitalize()} may have many datasets; no column can.")
        if stream.peek().kind is not TokenKind.END:
            raise stream.unexpected(stream.peek(), ("the end",))
        return (asked.field,) if asked.exact is None else (asked.exact, asked.field)

    # Conditions

    def _any(self) -> Condition:
        parts = [self._all()]
        while self._stream.accept("OR"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _all(self) -> Condition:
        parts = [self._one()]
        while self._stream.behind().kind is not TokenKind.END and self._stream.accept("AND"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _one(self) -> Condition:
        stream = self._stream
        self._depth += 1
        if self._depth > _DEEPEST:
            raise stream.error(stream.peek(), f"NOT and parentheses may be nested {_DEEPEST} deep.")
        if stream.accept("NOT"):
            condition: Condition = Not(self._one())
        elif stream.accept("("):
            condition = self._any()
            stream.expect(")")
        else:
            condition = self._comparison()
        self._depth -= 1
        return condition

    def _comparison(self) -> Condition:
        self._comparisons += 1
        if self._comparisons > _MOST_COMPARISONS:
            raise self._stream.error(self._stream.peek(), f"A filter may hold {_MOST_COMPARISONS} comparisons.")
        asked = self._field()
        comparison = self._compared(asked.field)
        return comparison if asked.exact is None else _unless_exact(asked.exact, comparison)

    def _compared(self, field: Field) -> Comparison:
        stream = self._stream
        token = stream.peek()
        if stream.accept("IS"):
            return Comparison(field, self._null(), None)
        if stream.accept("NOT"):
            stream.expect("IN")
            return Comparison(field, Operator.NOT_IN, self._list(field, token))
        if stream.accept("IN"):
            return Comparison(field, Operator.IN, self._list(field, token))
        operator = self._operator(field)
        if field.entity is Entity.PARAM and field.kind is Kind.TEXT and operator not in _PATTERNS:
            field = self._param(field, token, operator)
        if operator not in _OPERATORS[field.kind]:
            usable = [*(op.value for op in Operator if op in _OPERATORS[field.kind]), *_lists(field)]
            reason = f"{_shown(field)} cannot be compared with {operator}. Use one of: {', '.join(usable)}."
            raise stream.error(token, reason, usable)
        return Comparison(field, operator, read_value(stream, field.kind, _shown(field), self._moment))

    def _operator(self, field: Field) -> Operator:
        token = self._stream.peek()
        word = token.word or token.text
        if token.kind is TokenKind.OPERATOR and word in _OTHER_LANGUAGES:
            right = _OTHER_LANGUAGES[word]
            raise self._stream.error(token, f"Write {right} instead of {word}.", [right])
        if token.kind is not TokenKind.OPERATOR and word not in _PATTERNS:
            known = [*(op.value for op in Operator if op in _OPERATORS[field.kind]), *_lists(field), "IS NULL"]
            reason = f"Expected an operator such as = behind {_shown(field)}, not {token.shown}."
            raise self._stream.error(token, reason + (meant(word, known) if token.word else ""), known)
        self._stream.take()
        return Operator(word)

    def _param(self, field: Field, token: Token, operator: Operator) -> Field:
        """The param as text or as number, after what it is compared with."""
        value = self._stream.peek()
        if value.kind is TokenKind.NUMBER:
            return replace(field, kind=Kind.NUMBER)
        if operator in _ORDERED and value.kind is TokenKind.QUOTED:
            reason = (
                f"{_shown(field)} is compared as text where the value stands in quotes, and text knows no {operator}."
                " Leave the quotes away to compare numbers."
            )
            raise self._stream.error(token, reason, _OPERATORS_OF_TEXT)
        if value.kind is not TokenKind.QUOTED or value.quote == "`":
            reason = f"{_shown(field)} is compared with a number, or with text in quotes, not with {value.shown}."
            raise self._stream.error(value, reason)
        return field

    def _null(self) -> Operator:
        negated = self._stream.accept("NOT")
        self._stream.expect("NULL")
        return Operator.IS_NOT_NULL if negated else Operator.IS_NULL

    def _list(self, field: Field, operator: Token) -> tuple[str, ...]:
        stream = self._stream
        if field.kind not in {Kind.TEXT, Kind.ID}:
            raise stream.error(operator, f"{_shown(field)} is a number; IN lists text. Compare it with = and OR.")
        stream.expect("(")
        listed = [stream.string()]
        while stream.accept(","):
            listed.append(stream.string())
            if len(listed) > _MOST_LISTED:
                raise stream.error(stream.peek(), f"IN may list {_MOST_LISTED} values.")
        stream.expect(")")
        return tuple(listed)

    # Fields

    def _field(self) -> _Asked:
        stream, noun = self._stream, self._vocabulary.noun
        token = stream.take()
        if token.kind not in {TokenKind.NAME, TokenKind.QUOTED} or (token.quote == "'" and not token.prefix):
            raise stream.error(token, f"Expected a field, such as {self._example()}, not {token.shown}.")
        prefixes = self._vocabulary.prefixes
        if token.prefix and token.prefix not in prefixes:
            known = list(dict.fromkeys(part.value for part in prefixes.values()))
            reason = f"There is no {token.prefix!r} to search {noun} by. Use: {', '.join(known)}."
            raise stream.error(token, reason + meant(token.prefix, known), known)
        entity = prefixes[token.prefix] if token.prefix else Entity.ATTRIBUTE
        if not token.key:
            raise stream.error(token, f"A key must follow {token.text!r}.")
        if entity is Entity.ATTRIBUTE:
            asked = self._attribute(token)
        elif entity is Entity.DATASET and token.key not in DATASET_KEYS:
            reason = f"A dataset has no {token.key!r} to search by. Use: {', '.join(DATASET_KEYS)}."
            raise stream.error(token, reason + meant(token.key, DATASET_KEYS), DATASET_KEYS)
        elif entity is Entity.METRIC and self._vocabulary.aggregates:
            asked = self._metric(token)
        else:
            asked = _Asked(Field(entity, token.key, _KINDS[entity]))
        if token.suffix and (asked.field.entity is not Entity.METRIC or not self._vocabulary.aggregates):
            raise stream.error(token, f"Nothing may follow the quote in {token.text!r}.")
        return self._as_number(asked)

    def _example(self) -> str:
        if Entity.METRIC in self._vocabulary.entities:
            return "metrics.loss"
        return next(iter(self._vocabulary.attributes))

    def _as_number(self, asked: _Asked) -> _Asked:
        token = self._stream.peek()
        if not self._stream.accept("AS"):
            return asked
        self._stream.expect("NUMBER")
        if asked.field.entity is not Entity.PARAM:
            raise self._stream.error(token, f"Only params can be read AS NUMBER, not {_shown(asked.field)}.")
        return _Asked(replace(asked.field, kind=Kind.NUMBER))

    def _attribute(self, token: Token) -> _Asked:
        key = self._vocabulary.aliases.get(token.key, token.key)
        kind = self._vocabulary.attributes.get(key)
        if kind is None:
            known = [*self._vocabulary.attributes, *(f"{part}.<key>" for part in self._vocabulary.entities)]
            reason = f"{self._vocabulary.noun.capitalize()} have no attribute {key!r}. Use: {', '.join(known)}."
            raise self._stream.error(token, reason + meant(key, self._vocabulary.attributes), known)
        return _Asked(Field(Entity.ATTRIBUTE, key, kind))

    def _metric(self, token: Token) -> _Asked:
        if token.quote:
            return _Asked(self._aggregate(token.key, token.suffix, token))
        key, dot, name = token.key.rpartition(".")
        exact = Field(Entity.METRIC, token.key, Kind.NUMBER)
        if not key or name.lower() not in set(Aggregate):
            return _Asked(exact)
        return _Asked(self._aggregate(key, dot + name, token), exact)

    def _aggregate(self, key: str, suffix: str, token: Token) -> Field:
        name = suffix[1:].lower()
        if suffix and name not in set(Aggregate):
            known = [f".{one.value}" for one in Aggregate]
            reason = f"A metric has no {suffix!r}. Use: {', '.join(known)}."
            raise self._stream.error(token, reason + meant(suffix, known), known)
        aggregate = Aggregate(name) if suffix else Aggregate.LAST
        kind = Kind.WHOLE if aggregate is Aggregate.COUNT else Kind.NUMBER
        return Field(Entity.METRIC, key, kind, aggregate)


_OPERATORS_OF_TEXT = ("=", "!=", "LIKE", "ILIKE", "IN", "NOT IN")


def _lists(field: Field) -> list[str]:
    return ["IN", "NOT IN"] if field.kind in {Kind.TEXT, Kind.ID} else []


def _unless_exact(exact: Field, comparison: Comparison) -> Condition:
    """The comparison of a metric with the aggregate's whole name, and that of the aggregate where there is none."""
    absent = Comparison(exact, Operator.IS_NULL, None)
    if comparison.operator is Operator.IS_NULL:
        return And((absent, comparison))
    same = replace(comparison, field=exact)
    if comparison.operator is Operator.IS_NOT_NULL:
        return Or((same, comparison))
    return Or((replace(same, value=float(str(comparison.value))), And((absent, comparison))))


def _shown(field: Field) -> str:
    if field.entity is Entity.ATTRIBUTE:
        return field.key
    aggregate = "" if field.aggregate is Aggregate.LAST else f".{field.aggregate}"
    return f"{field.entity}.{field.key}{aggregate}"
