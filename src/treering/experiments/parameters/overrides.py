"""What `--set-param` says: `[file:]key=value`, in the grammar of Hydra's basic overrides, as DVC's users write it.

    lr=0.1              set what is there       train.layers=[1,2]   a list; {a: 1} is a mapping
    +new=1              add what is not there   name='a, b'          quotes keep commas and types away
    ++maybe=1           either                  lr=0.1,0.2           several values: one experiment each
    ~old                take it away            n=range(1,4)         likewise; so do choice() and sort()

Reads text only; `assigning` changes data.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Literal

from treering.core.errors import InvalidInput

__all__ = ["DEFAULT_FILE", "Override", "expand", "parse_override", "parse_overrides"]

DEFAULT_FILE = "params.yaml"

Action = Literal["set", "add", "put", "delete"]

_ACTIONS: dict[str, Action] = {"++": "put", "+": "add", "~": "delete", "": "set"}
_HEAD = re.compile(r"\s*(?P<sign>\+\+|\+|~)?(?P<key>[^=]*)(?P<equals>=)?(?P<value>.*)", re.DOTALL)
_KEY = re.compile(r"[^\s.\[\]=,~+]+(\[\d+\])*(\.[^\s.\[\]=,]+(\[\d+\])*)*")
_INT = re.compile(r"[+-]?(0|[1-9](_?\d)*)")
_FLOAT = re.compile(r"[+-]?(\d(_?\d)*(\.(\d(_?\d)*)?|(?=[eE]))|\.\d(_?\d)*)([eE][+-]?\d+)?")
_WORDS: dict[str, Any] = {"null": None, "true": True, "false": False}
_SPECIAL = {"inf": math.inf, "+inf": math.inf, "-inf": -math.inf, "nan": math.nan, "+nan": math.nan, "-nan": math.nan}
_FUNCTION = re.compile(r"([a-zA-Z_]\w*)\(")
_ESCAPED = frozenset("\\()[]{}:=, \t")


@dataclass(frozen=True, slots=True)
class Override:
    """One thing asked.

    Attributes:
        file: The file of parameters, as written.
        key: The way to the value; digits may be a position in a list.
        values: What it shall be: one value, or several that are tried one after another; none where it is taken away.
        text: As the user wrote it, without the file.
    """

    file: str
    key: tuple[str, ...]
    action: Action
    values: tuple[Any, ...]
    text: str

    @property
    def is_sweep(self) -> bool:
        """Whether it asks for several experiments."""
        return len(self.values) > 1

    @property
    def value(self) -> Any:
        """The only value."""
        return self.values[0] if self.values else None


@dataclass(frozen=True, slots=True)
class _Several:
    values: tuple[Any, ...]


class _Bare(str):
    """Text without quotes, which a cast may still read otherwise."""

    __slots__ = ()


def parse_overrides(texts: Sequence[str]) -> list[Override]:
    """Each of `texts`, in order.

    Raises:
        InvalidInput: If one cannot be understood; the message says which and where.
    """
    return [parse_override(text) for text in texts]


def parse_override(text: str) -> Override:
    """One `[file:]key=value`.

    Raises:
        InvalidInput: If it cannot be understood.
    """
    head, equals, tail = text.partition("=")
    file, colon, name = head.rpartition(":")
    asked = f"{name}{equals}{tail}" if colon else text
    found = _HEAD.fullmatch(asked)
    key = found["key"].strip() if found else ""
    if found is None or not _KEY.fullmatch(key):
        raise _mistake(text, "it names no parameter")
    action = _ACTIONS[found["sign"] or ""]
    if not found["equals"] and action != "delete":
        raise _mistake(text, "there is no '='")
    values = () if action == "delete" else _Reader(text, found["value"]).values()
    return Override(file.strip() or DEFAULT_FILE, _steps(key), action, values, asked.strip())


def expand(overrides: Sequence[Override]) -> Iterator[list[Override]]:
    """One list of single-valued overrides for each experiment asked for; the last one changes fastest."""
    files = list(dict.fromkeys(override.file for override in overrides))
    ordered = [override for file in files for override in overrides if override.file == file]
    choices = [
        [replace(one, values=(value,), text=_shown(one, value)) for value in one.values] if one.is_sweep else [one]
        for one in ordered
    ]
    for chosen in itertools.product(*choices):
        yield list(chosen)


def _shown(override: Override, value: Any) -> str:
    return f"{override.text.partition('=')[0]}={_written(value)}"


def _written(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return f"[{','.join(map(_written, value))}]"
    if isinstance(value, dict):
        return f"{{{','.join(f'{key}:{_written(one)}' for key, one in value.items())}}}"
    return str(value)


def _steps(key: str) -> tuple[str, ...]:
    return tuple(re.sub(r"\[(\d+)\]", r".\1", key).split("."))


def _mistake(text: str, reason: str) -> InvalidInput:
    return InvalidInput(
        f"Cannot read {text!r}: {reason}. Write [file:]key=value, such as lr=0.1, 'train.layers=[1,2]',"
        " '+new=1', '++maybe=1', '~old' or, with --queue, 'lr=0.1,0.2' or 'n=range(1,4)'."
    )


class _Reader:
    """Reads one value from left to right; `where` is the next character."""

    def __init__(self, whole: str, text: str) -> None:
        self.whole = whole
        self.text = text.strip()
        self.where = 0

    def values(self) -> tuple[Any, ...]:
        if not self.text:
            return ("",)
        found = [self.element(",")]
        while self.where < len(self.text):
            self.expect(",")
            found.append(self.element(","))
        if len(found) == 1 and isinstance(found[0], _Several):
            return found[0].values
        if any(isinstance(one, _Several) for one in found):
            raise _mistake(self.whole, "several values inside several values")
        return tuple(map(_plain, found))

    def element(self, stops: str) -> Any:
        self.skip()
        first = self.text[self.where : self.where + 1]
        if first in {"'", '"'}:
            found: Any = self.quoted(first)
        elif first == "[":
            found = self.listed("]")
        elif first == "{":
            found = self.mapped()
        elif (call := _FUNCTION.match(self.text, self.where)) is not None:
            self.where = call.end()
            found = self.called(call[1])
        else:
            return self.primitive(stops)
        self.skip()
        return found

    def skip(self) -> None:
        while self.where < len(self.text) and self.text[self.where].isspace():
            self.where += 1

    def expect(self, sign: str) -> None:
        self.skip()
        if not self.text.startswith(sign, self.where):
            got = repr(self.text[self.where]) if self.where < len(self.text) else "nothing"
            raise _mistake(self.whole, f"{sign!r} should stand where there is {got}")
        self.where += len(sign)

    def quoted(self, quote: str) -> str:
        end = self.where + 1
        said: list[str] = []
        while end < len(self.text) and self.text[end] != quote:
            if self.text[end] == "\\" and self.text[end + 1 : end + 2] in {quote, "\\"}:
                end += 1
            said.append(self.text[end])
            end += 1
        if end >= len(self.text):
            raise _mistake(self.whole, f"{quote} is not closed")
        self.where = end + 1
        return "".join(said)

    def listed(self, close: str) -> list[Any]:
        self.where += 1
        found: list[Any] = []
        self.skip()
        while not self.text.startswith(close, self.where):
            if found:
                self.expect(",")
            found.append(_plain(self.element(f",{close}")))
            self.skip()
        self.where += 1
        return found

    def mapped(self) -> dict[Any, Any]:
        self.where += 1
        found: dict[Any, Any] = {}
        self.skip()
        while not self.text.startswith("}", self.where):
            if found:
                self.expect(",")
            key = _plain(self.element(":"))
            self.expect(":")
            found[key] = _plain(self.element(",}"))
            self.skip()
        self.where += 1
        return found

    def primitive(self, stops: str) -> Any:
        said: list[str] = []
        kept = 0
        while self.where < len(self.text) and self.text[self.where] not in stops:
            sign = self.text[self.where]
            if sign == "\\" and self.text[self.where + 1 : self.where + 2] in _ESCAPED:
                self.where += 1
                sign = self.text[self.where]
                kept = len(said) + 1
            elif sign in "[]{}()'\"" or self.text.startswith("${", self.where):
                raise _mistake(self.whole, f"{sign!r} in the middle of a value; put the value into quotes")
            said.append(sign)
            self.where += 1
        while len(said) > kept and said[-1].isspace():
            said.pop()
        if not said:
            raise _mistake(self.whole, "a value is missing")
        return _Bare("".join(said))

    def called(self, name: str) -> Any:
        positional, named = self.arguments()
        function = _FUNCTIONS.get(name)
        if function is None:
            known = ", ".join(sorted(_FUNCTIONS))
            raise _mistake(self.whole, f"there is no function {name}(). Known ones: {known}")
        try:
            return function(positional, named)
        except (TypeError, ValueError, ArithmeticError) as error:
            raise _mistake(self.whole, f"{name}() cannot be called like this: {error}") from error

    def arguments(self) -> tuple[list[Any], dict[str, Any]]:
        positional: list[Any] = []
        named: dict[str, Any] = {}
        self.skip()
        while not self.text.startswith(")", self.where):
            if positional or named:
                self.expect(",")
            self.skip()
            name = re.compile(r"([a-zA-Z_]\w*)\s*=").match(self.text, self.where)
            if name:
                self.where = name.end()
                named[name[1]] = self.element(",)")
            else:
                positional.append(self.element(",)"))
            self.skip()
        self.where += 1
        return positional, named


def _plain(value: Any) -> Any:
    return _typed(value) if isinstance(value, _Bare) else value


def _typed(text: str) -> Any:
    """What text without quotes means: null, a boolean, a number, else itself."""
    word = text.lower()
    if word in _WORDS:
        return _WORDS[word]
    if word in _SPECIAL:
        return _SPECIAL[word]
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return str(text)


def _choice(positional: list[Any], named: dict[str, Any]) -> _Several:
    _none_named(named)
    if not positional:
        msg = "it needs a value"
        raise ValueError(msg)
    return _Several(tuple(map(_plain, positional)))


def _range(positional: list[Any], named: dict[str, Any]) -> _Several:
    given = dict(zip(("start", "stop", "step"), positional, strict=False)) | named
    if len(positional) == 1 and "stop" not in named:
        given = {"stop": positional[0]} | named
    unknown = given.keys() - {"start", "stop", "step"}
    if unknown or "stop" not in given or len(positional) > 3:  # noqa: PLR2004 - start, stop and step
        msg = "write range(stop), range(start,stop) or range(start,stop,step)"
        raise ValueError(msg)
    start, stop, step = (Decimal(given.get(name, default)) for name, default in _RANGE_DEFAULTS)
    if step == 0:
        msg = "the step is 0"
        raise ValueError(msg)
    whole = all(_INT.fullmatch(str(given.get(name, default))) for name, default in _RANGE_DEFAULTS)
    count = max(0, math.ceil((stop - start) / step))
    numbers = [start + index * step for index in range(count)]
    if not numbers:
        msg = "it holds no value"
        raise ValueError(msg)
    return _Several(tuple(int(number) if whole else float(number) for number in numbers))


_RANGE_DEFAULTS = (("start", "0"), ("stop", "0"), ("step", "1"))


def _sort(positional: list[Any], named: dict[str, Any]) -> Any:
    backwards = bool(_plain(named.pop("reverse", False)))
    _none_named(named)
    if len(positional) == 1 and isinstance(positional[0], _Several):
        return _Several(tuple(sorted(positional[0].values, reverse=backwards)))
    if len(positional) == 1 and isinstance(positional[0], list):
        return sorted(positional[0], reverse=backwards)
    return _Several(tuple(sorted(map(_plain, positional), reverse=backwards)))


def _cast(convert: Callable[[Any], Any]) -> Callable[[list[Any], dict[str, Any]], Any]:
    def cast(positional: list[Any], named: dict[str, Any]) -> Any:
        _none_named(named)
        if len(positional) != 1:
            msg = "it takes one value"
            raise ValueError(msg)
        return _mapped(positional[0], convert)

    return cast


def _mapped(value: Any, convert: Callable[[Any], Any]) -> Any:
    if isinstance(value, _Several):
        return _Several(tuple(_mapped(one, convert) for one in value.values))
    if isinstance(value, list):
        return [_mapped(one, convert) for one in value]
    if isinstance(value, dict):
        return {key: _mapped(one, convert) for key, one in value.items()}
    return convert(value)


def _to_int(value: Any) -> int:
    return int(_plain(value))


def _to_text(value: Any) -> str:
    return str(value) if isinstance(value, str) else _written(value)


def _to_bool(value: Any) -> bool:
    if isinstance(value, str):
        word = value.lower()
        if word not in {"true", "false"}:
            msg = f"{str(value)!r} is neither true nor false"
            raise ValueError(msg)
        return word == "true"
    return bool(value)


def _none_named(named: dict[str, Any]) -> None:
    if named:
        msg = f"it has no argument {next(iter(named))!r}"
        raise ValueError(msg)


_FUNCTIONS: dict[str, Callable[[list[Any], dict[str, Any]], Any]] = {
    "bool": _cast(_to_bool),
    "choice": _choice,
    "float": _cast(float),
    "int": _cast(_to_int),
    "range": _range,
    "sort": _sort,
    "str": _cast(_to_text),
}
