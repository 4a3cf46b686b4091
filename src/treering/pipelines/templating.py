"""Templates in dvc.yaml: `${a.b[0].c}` is replaced by a value of params.yaml or of `vars`.

There are no expressions, defaults or nested templates. Where a string is nothing
but one template the value keeps its type; elsewhere it becomes text. A mapping
inside of a command becomes command-line options.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from treering.core.errors import InvalidInput

__all__ = [
    "PLAIN_OPTIONS",
    "Context",
    "Iterated",
    "Source",
    "TemplateMistake",
    "Unpacking",
    "check",
    "has_template",
    "options",
    "shown",
]

_TEMPLATE = re.compile(r"(?<!\\)\$\{(.*?)\}")
_WORD = r"[^.\[\]]+"
_PATH = re.compile(rf"{_WORD}(?:\s*\.{_WORD}|\s*\[{_WORD}\])*\s*")
_PLAIN = (str, int, float, bytes)

Path = tuple[str, ...]


class TemplateMistake(InvalidInput):
    """A template that cannot be filled; where it stands is told by who caught it."""


class Unpacking(NamedTuple):
    """How a mapping in a command is written out: the section `parsing` of the config."""

    booleans: str = "store_true"
    lists: str = "nargs"


PLAIN_OPTIONS = Unpacking()


class Source(NamedTuple):
    """Where values came from: a file, or `vars` in dvc.yaml itself, whose values are of no file and not tracked."""

    name: str
    data: Mapping[str, Any]
    local: bool


class Iterated(NamedTuple):
    """What foreach or matrix run over, and which parts of it came from a template: `("0", "lr")` from `("all", "0", "lr")`."""

    data: Any
    aliases: Mapping[Path, Path]


def has_template(value: object) -> bool:
    """Whether a string, or any string within, has a template that is not escaped."""
    return any(_TEMPLATE.search(text) for text in _strings(value))


def check(value: object) -> None:
    """See that every template in a value is well formed, whether or not its name is known.

    Raises:
        TemplateMistake: If one is not.
    """
    for text in _strings(value):
        for match in _TEMPLATE.finditer(text):
            _check_path(match[1])


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        if "${" in value:
            yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _strings(key)
            yield from _strings(inner)
    elif isinstance(value, (list, tuple, set)):
        for inner in value:
            yield from _strings(inner)


def _check_path(path: str) -> None:
    if not _PATH.fullmatch(path):
        msg = (
            f"'${{{path}}}' is no template: write a name such as ${{train.epochs}} or ${{models[0].name}};"
            " there are no expressions. A dollar and brace that are meant as such are written \\${."
        )
        raise TemplateMistake(msg)


def shown(value: Any) -> str:
    """A value as text in a longer string: true and false in small letters, others as Python writes them."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def options(values: Mapping[str, Any], unpacking: Unpacking = PLAIN_OPTIONS) -> str:
    """A mapping as options of a command line: `{"lr": 0.1, "n": {"k": [1, 2]}}` is `--lr 0.1 --n.k 1 2`.

    Raises:
        TemplateMistake: If a list has lists within.
    """
    return " ".join(_option(name, value, unpacking) for name, value in _flat(values, "") if _is_given(value, unpacking))


def _is_given(value: Any, unpacking: Unpacking) -> bool:
    if value is False:
        return unpacking.booleans == "boolean_optional"
    return not isinstance(value, (list, tuple, set)) or bool(value)


def _flat(values: Mapping[str, Any], above: str) -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        name = f"{above}.{key}" if above else str(key)
        if isinstance(value, Mapping):
            yield from _flat(value, name)
        else:
            yield name, value


def _option(name: str, value: Any, unpacking: Unpacking) -> str:
    if isinstance(value, bool):
        return f"--{name}" if value else f"--no-{name}"
    if isinstance(value, (list, tuple, set)):
        words = [_word(name, one) for one in value]
        if unpacking.lists == "append":
            return " ".join(f"--{name} {word}" for word in words)
        return f"--{name} {' '.join(words)}"
    return f"--{name} {_word(name, value)}"


def _word(name: str, value: Any) -> str:
    if isinstance(value, str):
        return shlex.quote(value)
    if isinstance(value, (Mapping, list, tuple, set)):
        msg = f"'{name}' is a list with lists or mappings within, which cannot be written as options. Make it flat."
        raise TemplateMistake(msg)
    return str(value)


@dataclass(slots=True)
class Context:
    """The values that templates can name.

    Attributes:
        data: All values, merged; keys that are no strings cannot be named and are left out.
        sources: Where they came from.
        loaded: The files that were read, each with the keys taken from it; None: all.
        items: The names that foreach and matrix add, with what is known of where they came from.
        used: What templates named, by file and path, while stages were resolved.
    """

    unpacking: Unpacking = PLAIN_OPTIONS
    data: dict[str, Any] = field(default_factory=dict)
    sources: list[Source] = field(default_factory=list)
    loaded: dict[str, list[str] | None] = field(default_factory=dict)
    items: Mapping[str, Mapping[Path, Path]] = field(default_factory=dict)
    used: dict[str, dict[str, Any]] = field(default_factory=dict)

    def child(self) -> Context:
        """A context of its own for one stage, whose `vars` others do not see."""
        return Context(self.unpacking, _copied(self.data), [*self.sources], dict(self.loaded), self.items)

    def with_items(self, values: Mapping[str, Any], aliases: Mapping[str, Mapping[Path, Path]]) -> Context:
        """The same with the names that foreach or matrix give; they hide others, and `vars` must not change them."""
        return Context(self.unpacking, {**self.data, **values}, self.sources, self.loaded, aliases)

    def add_file(self, path: str, name: str, keys: Sequence[str], read: Callable[[str], Any]) -> None:
        """Take the values of a file, or some keys of it.

        Args:
            path: What `read` is given, and the file is remembered by.
            name: What the file is called in messages and among what was used.
            keys: Keys at its top; all where none are named.
            read: Gives what stands in the file; raises FileNotFoundError or IsADirectoryError.

        Raises:
            TemplateMistake: If it is not there or no mapping, or a value is there already.
        """
        if not self._is_to_load(path, name, keys):
            return
        values = _mapping(path, name, read)
        if keys:
            missing = [key for key in keys if key not in values]
            if missing:
                msg = f"could not find '{missing[0]}' in '{name}'. It has: {', '.join(map(str, values)) or 'nothing'}."
                raise TemplateMistake(msg)
            values = {key: values[key] for key in keys}
        self._merge(Source(name, _copied(values), local=False))
        already = self.loaded.get(path)
        self.loaded[path] = [*(already or []), *keys] if keys else None

    def add_values(self, values: Mapping[str, Any], name: str) -> None:
        """Take values that stand in dvc.yaml itself.

        Raises:
            TemplateMistake: If a value is there already.
        """
        self._merge(Source(name, _copied(values), local=True))

    def _is_to_load(self, path: str, name: str, keys: Sequence[str]) -> bool:
        if path not in self.loaded:
            return True
        already = self.loaded[path]
        if already is None and not keys:
            return False  # naming a whole file twice is allowed
        if already is None:
            msg = f"cannot partially load '{name}', as it is already loaded whole. Take the keys behind the colon away."
            raise TemplateMistake(msg)
        if not keys or set(keys) & set(already):
            msg = f"cannot load '{name}', as keys of it are already loaded: {', '.join(already)}. Name each once."
            raise TemplateMistake(msg)
        return True

    def _merge(self, source: Source) -> None:
        reserved = [key for key in source.data if key in self.items]
        if reserved:
            msg = (
                f"attempted to modify reserved {' and '.join(repr(key) for key in reserved)} in '{source.name}':"
                " foreach and matrix give these names. Choose another."
            )
            raise TemplateMistake(msg)
        self._merge_into(self.data, source.data, (), source)
        self.sources.append(source)

    def _merge_into(self, into: dict[str, Any], values: Mapping[str, Any], path: Path, source: Source) -> None:
        for key, value in values.items():
            old = into.get(key)
            if isinstance(old, dict) and isinstance(value, Mapping):
                self._merge_into(old, value, (*path, key), source)
            elif key in into:
                where = (*path, key)
                msg = (
                    f"cannot redefine '{'.'.join(where)}' from '{source.name}' as it already exists in"
                    f" '{self._origin(where)}'. Give one of them another name."
                )
                raise TemplateMistake(msg)
            else:
                into[key] = _copied(value) if isinstance(value, Mapping) else value

    def _origin(self, path: Path) -> str:
        for source in self.sources:
            if _at(source.data, path) is not _NOWHERE:
                return source.name
        return "the same file"

    def select(self, expression: str) -> Any:
        """The value that a template names.

        Raises:
            TemplateMistake: If there is none.
        """
        found: Any = self.data
        path: list[str] = []
        for part in expression.replace("[", ".").replace("]", "").split("."):
            name = part.strip()
            if isinstance(found, (list, tuple)):
                name, found = _item(found, name, expression)
            elif isinstance(found, Mapping) and name in found:
                found = found[name]
            else:
                raise _unknown(expression, path, found)
            path.append(name)
        self._note(tuple(path), found)
        return found

    def _note(self, path: Path, value: Any) -> None:
        if isinstance(value, Mapping):
            return
        origin = self._alias(path)
        for source in self.sources:
            if origin and not source.local and _at(source.data, origin) is not _NOWHERE:
                self.used.setdefault(source.name, {})[".".join(origin)] = value
                return

    def _alias(self, path: Path) -> Path:
        """Where a value really came from; nothing where it stands in dvc.yaml."""
        aliases = self.items.get(path[0])
        if aliases is None:
            return path
        for length in range(len(path), 0, -1):
            origin = aliases.get(path[1:length])
            if origin is not None:
                return (*origin, *path[length:])
        return ()

    def resolve(self, value: Any, key: str) -> Any:
        """A value of a stage with all templates filled in, also those in the keys of mappings.

        Args:
            value: As read from dvc.yaml.
            key: The stage's key it stands under; only `cmd` may take mappings.

        Raises:
            TemplateMistake: If a template cannot be filled.
        """
        if isinstance(value, str):
            return self._resolve_text(value, key) if "${" in value else value
        if isinstance(value, Mapping):
            return {self.resolve(name, key): self.resolve(inner, key) for name, inner in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.resolve(inner, key) for inner in value]
        return value

    def resolve_iterated(self, value: Any) -> Iterated:
        """What foreach or matrix run over: here a template may stand for a list or a mapping.

        Raises:
            TemplateMistake: If a template cannot be filled.
        """
        aliases: dict[Path, Path] = {}
        return Iterated(self._resolve_iterated(value, (), aliases), aliases)

    def _resolve_iterated(self, value: Any, path: Path, aliases: dict[Path, Path]) -> Any:
        if isinstance(value, str):
            match = _TEMPLATE.match(value)
            if match is None or match[0] != value:
                return self._resolve_text(value, "") if "${" in value else value
            aliases[path] = tuple(part.strip() for part in match[1].replace("[", ".").replace("]", "").split("."))
            return self._named(match[1])
        if isinstance(value, Mapping):
            return {
                self.resolve(key, ""): self._resolve_iterated(inner, (*path, str(key)), aliases)
                for key, inner in value.items()
            }
        if isinstance(value, (list, tuple)):
            return [self._resolve_iterated(inner, (*path, str(index)), aliases) for index, inner in enumerate(value)]
        return value

    def _resolve_text(self, text: str, key: str) -> Any:
        matches = list(_TEMPLATE.finditer(text))
        if len(matches) == 1 and matches[0][0] == text:
            value = self._named(matches[0][1])
            if isinstance(value, Mapping) and key == "cmd":
                msg = f"'{text}' is a mapping, and would be a command without a program. Write the program before it."
                raise TemplateMistake(msg)
            _check_plain(value, text, key)
            return value
        filled, end = [], 0
        for match in matches:
            value = self._named(match[1])
            _check_plain(value, match[0], key)
            filled += [text[end : match.start()], self._written(value)]
            end = match.end()
        # The escape goes only now, as in DVC: a value may have it, too.
        return ("".join(filled) + text[end:]).replace("\\${", "${")

    def _named(self, expression: str) -> Any:
        _check_path(expression)
        return self.select(expression)

    def _written(self, value: Any) -> str:
        return options(value, self.unpacking) if isinstance(value, Mapping) else shown(value)


_NOWHERE = object()


def _at(data: Any, path: Path) -> Any:
    for part in path:
        if isinstance(data, Mapping) and part in data:
            data = data[part]
        elif isinstance(data, (list, tuple)) and part.isdecimal() and int(part) < len(data):
            data = data[int(part)]
        else:
            return _NOWHERE
    return data


def _item(found: Sequence[Any], name: str, expression: str) -> tuple[str, Any]:
    try:
        index = range(len(found))[int(name)]
    except (ValueError, IndexError) as error:
        msg = f"Could not find '{expression}': it names {name!r} in a list of {len(found)}, counted from 0."
        raise TemplateMistake(msg) from error
    return str(index), found[index]


def _unknown(expression: str, path: Sequence[str], found: Any) -> TemplateMistake:
    above = f"'{'.'.join(path)}'" if path else ""
    if isinstance(found, Mapping):
        names = ", ".join(map(str, found)) or "nothing"
        known = f"{above} has {names}." if above else f"Known names: {names}."
    else:
        known = f"{above} is a single value."
    return TemplateMistake(f"Could not find '{expression}'. {known} Define it in params.yaml or under 'vars'.")


def _check_plain(value: Any, text: str, key: str) -> None:
    if value is None or isinstance(value, _PLAIN) or (isinstance(value, Mapping) and key == "cmd"):
        return
    if isinstance(value, (Mapping, list, tuple, set)):
        msg = (
            f"Cannot interpolate data of type '{type(value).__name__}': '{text}' stands for several values."
            " Lists and mappings go into foreach or matrix only, mappings also into 'cmd'."
        )
        raise TemplateMistake(msg)


def _mapping(path: str, name: str, read: Callable[[str], Any]) -> Mapping[str, Any]:
    try:
        values = read(path)
    except FileNotFoundError as error:
        msg = f"'{name}' does not exist. Write it, or take it out of 'vars'."
        raise TemplateMistake(msg) from error
    except IsADirectoryError as error:
        msg = f"'{name}' is a directory. Name a file of it in 'vars'."
        raise TemplateMistake(msg) from error
    if not isinstance(values, Mapping):
        msg = f"expected a dictionary, got '{type(values).__name__}' in file '{name}'. Its values need names."
        raise TemplateMistake(msg)
    return values


def _copied(values: Mapping[Any, Any]) -> dict[str, Any]:
    return {
        key: _copied(value) if isinstance(value, Mapping) else value
        for key, value in values.items()
        if isinstance(key, str)
    }
