"""Parameters that stages depend on: reading their files once, finding a key, telling what has changed."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from treering.core.errors import InvalidInput
from treering.pipelines.formats import parse

__all__ = ["DEFAULT_FILE", "MISSING", "ParamFiles", "Params", "changes", "find_key", "merge_keys", "pick"]

DEFAULT_FILE: Final = "params.yaml"


class _Missing:
    """The one value `MISSING`: None may be a parameter's value."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = _Missing()


@dataclass(frozen=True, slots=True)
class Params:
    """What a stage takes from one file of parameters.

    Attributes:
        path: As written, relative to the stage's working directory.
        keys: Paths with dots; none means the whole file, of which the keys at the top are tracked.
        locked: What dvc.lock says of them; None where it says nothing.
    """

    path: str
    keys: tuple[str, ...] = ()
    locked: Mapping[str, Any] | None = None

    def with_lock(self, values: Mapping[str, Any] | None) -> Params:
        """The same with what the lock file says, of which only the keys asked for count."""
        if values is None:
            return self
        kept = {key: values[key] for key in self.keys if key in values} if self.keys else dict(values)
        return replace(self, locked=kept)


Loader = Callable[[str, Callable[[bytes], Any]], Any]
"""Gives what a function makes of a file's bytes, by the file's absolute path; may remember it from another time."""


class ParamFiles:
    """The files of parameters of one working tree or revision, each read and parsed once.

    Args:
        load: Reads a file and has it parsed; raises FileNotFoundError or IsADirectoryError.
        shown: The name that messages give a path.
    """

    def __init__(self, load: Loader, shown: Callable[[str], str] = str) -> None:
        self._load = load
        self._shown = shown
        self._known: dict[str, Any] = {}

    def load(self, path: str) -> Any:
        """What stands in the file.

        Raises:
            FileNotFoundError: If it is not there; IsADirectoryError if it is a directory.
            InvalidInput: If it cannot be understood.
        """
        if path not in self._known:
            self._known[path] = self._load(path, lambda data: self._parsed(path, data))
        return self._known[path]

    def _parsed(self, path: str, data: bytes) -> Any:
        try:
            text = data.decode()
        except UnicodeDecodeError as error:
            msg = f"{self._shown(path)} is not text in UTF-8. Convert it, or take it out of the parameters."
            raise InvalidInput(msg) from error
        return parse(text, self._shown(path))

    def forget(self, path: str = "") -> None:
        """Read the file anew the next time, because a command may have written it; all files where none is named."""
        if path:
            self._known.pop(path, None)
        else:
            self._known.clear()


def find_key(config: Any, key: str) -> Any:
    """The value at a path with dots such as `train.layers.0`, or `MISSING`.

    A part of the path may have wildcards, as in DVC, if just one thing is meant by it.

    Raises:
        InvalidInput: If several values are meant.
    """
    found = config
    parts = key.split(".")
    for number, part in enumerate(parts):
        step = _step(found, part)
        if step is MISSING and any(sign in part for sign in "*?["):
            return _one_of(found, parts[number:], key)
        if step is MISSING:
            return MISSING
        found = step
    return found


def _step(config: Any, part: str) -> Any:
    if isinstance(config, Mapping):
        if part in config:
            return config[part]
        for key, value in config.items():
            if not isinstance(key, str) and str(key) == part:
                return value
    elif isinstance(config, (list, tuple)) and part.isdecimal() and int(part) < len(config):
        return config[int(part)]
    return MISSING


def _one_of(config: Any, parts: Sequence[str], key: str) -> Any:
    found = _matching(config, parts)
    if len(found) > 1:
        msg = f"The parameter {key!r} means {len(found)} values. Name each by its own key."
        raise InvalidInput(msg)
    return found[0] if found else MISSING


def _matching(config: Any, parts: Sequence[str]) -> list[Any]:
    if not parts:
        return [config]
    if isinstance(config, Mapping):
        steps = [value for name, value in config.items() if fnmatch.fnmatchcase(str(name), parts[0])]
    elif isinstance(config, (list, tuple)):
        steps = [value for index, value in enumerate(config) if fnmatch.fnmatchcase(str(index), parts[0])]
    else:
        return []
    return [value for step in steps for value in _matching(step, parts[1:])]


def pick(config: Any, keys: Sequence[str]) -> dict[str, Any]:
    """The values of the keys that are there, by key; of a whole file, where no keys are given, what stands at its top."""
    if not keys:
        return dict(config) if isinstance(config, Mapping) else {}
    found = {}
    for key in keys:
        value = find_key(config, key)
        if value is not MISSING:
            found[key] = value
    return found


def merge_keys(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values by paths with dots, put together again as a tree: `{"a.b": 1}` becomes `{"a": {"b": 1}}`."""
    tree: dict[str, Any] = {}
    for key, value in values.items():
        place = tree
        *above, last = key.split(".")
        for part in above:
            inner = place.setdefault(part, {})
            if not isinstance(inner, dict):
                break
            place = inner
        else:
            if isinstance(value, Mapping) and isinstance(place.get(last), dict):
                place[last] = {**place[last], **value}
            else:
                place[last] = value
    return tree


def changes(params: Params, actual: Mapping[str, Any]) -> dict[str, str]:
    """What has become of each parameter since the lock was written: new, modified or deleted.

    A tuple, which Python files have, is equal to the list that the lock file makes of it;
    1 is equal to 1.0, as in DVC.
    """
    locked = params.locked or {}
    states = {}
    for key in params.keys or dict.fromkeys([*actual, *locked]):
        if key not in actual:
            states[key] = "deleted"
        elif key not in locked:
            states[key] = "new"
        elif not _same(actual[key], locked[key]):
            states[key] = "modified"
    return states


def _same(now: Any, then: Any) -> bool:
    return bool(now == then) or (isinstance(now, tuple) and list(now) == then)
