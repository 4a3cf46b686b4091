"""Reads filters and orderings: recursive descent over the tokens of `lexer`.

filter     = [ any [ AND ] ]
any        = all { OR all }
all        = one { AND one }
one        = NOT one | "(" any ")" | comparison
comparison = field ( "=" | "!=" | "<" | "<=" | ">" | ">=" | LIKE | ILIKE ) literal
           | field [ NOT ] IN "(" string { "," string } ")"
           | field IS [ NOT ] NULL
order      = field [ ON dataset-name [ dataset-digest ] ] [ ASC | DESC ]
field      = [ prefix "." ] key, where a key may stand in quotes or backticks
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from treering.core.errors import BadFilter
from treering.storage.metadata.search.fields import DATASET_KEYS, Vocabulary
from treering.storage.metadata.search.lexer import Token, TokenKind, bad_filter, tokens
from treering.storage.metadata.search.syntax import (
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
    Scalar,
    Search,
)

__all__ = ["parse_filter", "parse_order", "parse_search"]

_MOST_COMPARISONS = 250
_MOST_LISTED = 10_000
_DEEPEST = 50
_LARGEST = (1 << 63) - 1

_ORDERED = {Operator.LESS, Operator.AT_MOST, Operator.GREATER, Operator.AT_LEAST}
_PATTERNS = {Operator.LIKE, Operator.ILIKE}
_EQUALITY = {Operator.EQUAL, Operator.UNEQUAL}
_OPERATORS = {
    Kind.TEXT: _EQUALITY | _PATTERNS,
    Kind.NUMBER: _EQUALITY | _ORDERED,
    Kind.TIME: _EQUALITY | _ORDERED,
    Kind.ID: _EQUALITY,
}
_KINDS = {Entity.METRIC: Kind.NUMBER, Entity.PARAM: Kind.TEXT, Entity.TAG: Kind.TEXT, Entity.DATASET: Kind.TEXT}


def parse_search(vocabulary: Vocabulary, text: str, order_by: Sequence[str]) -> Search:
    """A filter and an ordering, understood; the ordering is made total. Raises BadFilter."""
    return Search(parse_filter(vocabulary, text), parse_order(vocabulary, order_by))


def parse_filter(vocabulary: Vocabulary, text: str) -> Condition | None:
    """The condition that `text` states; None where it is blank. Raises BadFilter."""
    return _Parser(vocabulary, text).filter()


def parse_order(vocabulary: Vocabulary, order_by: Sequence[str]) -> tuple[OrderTerm, ...]:
    """The ordering, followed by what breaks ties; a column that comes again is dropped. Raises BadFilter."""
    asked = [_Parser(vocabulary, text).order() for text in order_by]
    total: dict[tuple[Field, tuple[str, str] | None], OrderTerm] = {}
    for term in (*asked, *vocabulary.order):
        total.setdefault((term.field, term.dataset), term)
    return tuple(total.values())


class _Parser:
    """One pass over one text."""

    def __init__(self, vocabulary: Vocabulary, text: str) -> None:
        self._vocabulary = vocabulary
        self._text = text
        self._tokens = tokens(text)
        self._position = 0
        self._comparisons = 0
        self._depth = 0

    def filter(self) -> Condition | None:
        if self._peek().kind is TokenKind.END:
            return None
        condition = self._any()
        if self._peek().word == "AND" and self._tokens[self._position + 1].kind is TokenKind.END:
            self._take()
        if self._peek().kind is not TokenKind.END:
            raise self._error(self._peek(), f"Expected AND, OR or the end, not {self._peek().text!r}.")
        return condition

    def order(self) -> OrderTerm:
        field = self._field()
        if field.entity is Entity.DATASET:
            raise self._error(self._tokens[0], "Runs cannot be ordered by their datasets.")
        dataset = None
        if self._peek().word == "ON" and self._vocabulary.by_dataset and field.entity is Entity.METRIC:
            self._take()
            digest = ""
            name = self._string()
            if self._peek().kind is TokenKind.QUOTED:
                digest = self._string()
            dataset = (name, digest)
        descending = self._peek().word == "DESC"
        if self._peek().word in {"ASC", "DESC"}:
            self._take()
        if self._peek().kind is not TokenKind.END:
            raise self._error(self._peek(), f"Expected ASC, DESC or the end, not {self._peek().text!r}.")
        return OrderTerm(field, descending, dataset)

    # Tokens

    def _peek(self) -> Token:
        return self._tokens[self._position]

    def _take(self) -> Token:
        token = self._peek()
        if token.kind is not TokenKind.END:
            self._position += 1
        return token

    def _error(self, token: Token, reason: str) -> BadFilter:
        return bad_filter(self._text, token.start, reason)

    def _expect(self, text: str) -> None:
        if (self._peek().word or self._peek().text) != text or self._peek().kind is TokenKind.QUOTED:
            found = repr(self._peek().text) if self._peek().kind is not TokenKind.END else "the end"
            raise self._error(self._peek(), f"Expected {text}, not {found}.")
        self._take()

    # Conditions

    def _any(self) -> Condition:
        parts = [self._all()]
        while self._peek().word == "OR":
            self._take()
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _all(self) -> Condition:
        parts = [self._one()]
        while self._peek().word == "AND" and self._tokens[self._position + 1].kind is not TokenKind.END:
            self._take()
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _one(self) -> Condition:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._error(self._peek(), f"NOT and parentheses may be nested {_DEEPEST} deep.")
        if self._peek().word == "NOT":
            self._take()
            condition: Condition = Not(self._one())
        elif self._peek().text == "(" and self._peek().kind is TokenKind.MARK:
            self._take()
            condition = self._any()
            self._expect(")")
        else:
            condition = self._comparison()
        self._depth -= 1
        return condition

    def _comparison(self) -> Comparison:
        self._comparisons += 1
        if self._comparisons > _MOST_COMPARISONS:
            raise self._error(self._peek(), f"A filter may hold {_MOST_COMPARISONS} comparisons.")
        field = self._field()
        token = self._take()
        word = token.word or token.text
        if word == "IS":
            return Comparison(field, self._null(), None)
        if word == "NOT":
            self._expect("IN")
            return Comparison(field, Operator.NOT_IN, self._list(field, token))
        if word == "IN":
            return Comparison(field, Operator.IN, self._list(field, token))
        known = token.kind is TokenKind.OPERATOR or word in _PATTERNS
        if not known:
            raise self._error(token, f"Expected an operator such as = behind {_shown(field)}.")
        operator = Operator(word)
        if operator not in _OPERATORS[field.kind]:
            usable = ", ".join(op for op in Operator if op in _OPERATORS[field.kind])
            raise self._error(token, f"{_shown(field)} cannot be compared with {word}. Use one of: {usable}.")
        return Comparison(field, operator, self._literal(field))

    def _null(self) -> Operator:
        negated = self._peek().word == "NOT"
        if negated:
            self._take()
        self._expect("NULL")
        return Operator.IS_NOT_NULL if negated else Operator.IS_NULL

    def _list(self, field: Field, operator: Token) -> tuple[str, ...]:
        if field.kind not in {Kind.TEXT, Kind.ID}:
            raise self._error(operator, f"{_shown(field)} is a number; IN lists text. Compare it with = and OR.")
        self._expect("(")
        listed = [self._string()]
        while self._peek().text == "," and self._peek().kind is TokenKind.MARK:
            self._take()
            listed.append(self._string())
            if len(listed) > _MOST_LISTED:
                raise self._error(self._peek(), f"IN may list {_MOST_LISTED} values.")
        self._expect(")")
        return tuple(listed)

    # Fields and literals

    def _field(self) -> Field:
        token = self._take()
        if token.kind is TokenKind.END:
            raise self._error(token, "Expected a field, such as metrics.loss, not the end.")
        if token.kind not in {TokenKind.NAME, TokenKind.QUOTED} or (token.quote == "'" and not token.prefix):
            raise self._error(token, f"Expected a field, such as metrics.loss, not {token.text!r}.")
        prefixes = self._vocabulary.prefixes
        if token.prefix and token.prefix not in prefixes:
            known = ", ".join(dict.fromkeys(prefixes.values()))
            raise self._error(
                token, f"There is no {token.prefix!r} to search {self._vocabulary.noun} by. Use: {known}."
            )
        entity = prefixes[token.prefix] if token.prefix else Entity.ATTRIBUTE
        if not token.key:
            raise self._error(token, f"A key must follow {token.text!r}.")
        if entity is Entity.ATTRIBUTE:
            return self._attribute(token)
        if entity is Entity.DATASET and token.key not in DATASET_KEYS:
            raise self._error(token, f"A dataset has no {token.key!r} to search by. Use: {', '.join(DATASET_KEYS)}.")
        return Field(entity, token.key, _KINDS[entity])

    def _attribute(self, token: Token) -> Field:
        key = self._vocabulary.aliases.get(token.key, token.key)
        kind = self._vocabulary.attributes.get(key)
        if kind is None:
            known = ", ".join(self._vocabulary.attributes)
            others = ", ".join(f"{part}.<key>" for part in self._vocabulary.entities)
            raise self._error(
                token, f"{self._vocabulary.noun.capitalize()} have no attribute {key!r}. Use: {known}, {others}."
            )
        return Field(Entity.ATTRIBUTE, key, kind)

    def _literal(self, field: Field) -> Scalar:
        if field.kind is Kind.TEXT:
            return self._string()
        if field.kind is Kind.ID:
            return self._take().text if self._peek().kind is TokenKind.NUMBER else self._string()
        token = self._take()
        if token.kind is not TokenKind.NUMBER:
            found = f"the text {token.text!r}" if token.kind is not TokenKind.END else "the end"
            raise self._error(token, f"{_shown(field)} is a number; expected one without quotes, not {found}.")
        number = float(token.text)
        if not math.isfinite(number):
            raise self._error(token, f"The number {token.text} is too large.")
        if field.kind is Kind.TIME and number.is_integer() and abs(number) < _LARGEST:
            return int(token.text) if token.text.lstrip("+-").isdigit() else int(number)
        return number

    def _string(self) -> str:
        token = self._take()
        if token.kind is not TokenKind.QUOTED or token.quote == "`":
            found = repr(token.text) if token.kind is not TokenKind.END else "the end"
            raise self._error(token, f"Expected text in quotes, not {found}.")
        return token.text


def _shown(field: Field) -> str:
    return field.key if field.entity is Entity.ATTRIBUTE else f"{field.entity}.{field.key}"
