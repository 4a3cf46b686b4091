"""What may stand in dvc.yaml and dvc.lock: closed schemas, so that a slip of the pen is told and not passed over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from treering.core.errors import InvalidInput

__all__ = ["SchemaMistake", "check_definition", "check_lock"]

At = tuple[str | int, ...]
Check = Callable[[Any, At], None]


class SchemaMistake(InvalidInput):
    """A value of the wrong kind, or a key that is not known; the message goes on behind the place.

    Attributes:
        at: The keys that lead there.
    """

    def __init__(self, message: str, at: At) -> None:
        super().__init__(message)
        self.at = at


def check_definition(data: Any) -> None:
    """See that what was read from dvc.yaml has the shape of a pipeline, templates not yet filled.

    Raises:
        SchemaMistake: If it has not.
    """
    _PIPELINE(data, ())


def check_lock(data: Any) -> None:
    """See that what was read from dvc.lock has the shape of a lock file of schema 2.0.

    Raises:
        SchemaMistake: If it has not.
    """
    _LOCK(data, ())


def _kind(*kinds: type, named: str) -> Check:
    def checked(value: Any, at: At) -> None:
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            written = "nothing" if value is None else f"{value!r:.60}"
            msg = f"should be {named}, and is {written}."
            raise SchemaMistake(msg, at)

    return checked


def _anything(value: Any, at: At) -> None:
    del value, at


def _list_of(check: Check) -> Check:
    is_list = _kind(list, named="a list")

    def checked(value: Any, at: At) -> None:
        is_list(value, at)
        for index, one in enumerate(value):
            check(one, (*at, index))

    return checked


def _each(check: Check) -> Check:
    """A mapping with names of the user's own."""

    def checked(value: Any, at: At) -> None:
        _is_mapping(value, at)
        for key, one in value.items():
            if not isinstance(key, str):
                msg = f"has the key {key!r}, which is no text. Put it in quotes."
                raise SchemaMistake(msg, at)
            check(one, (*at, key))

    return checked


def _keys(known: Mapping[str, Check], *required: str) -> Check:
    def checked(value: Any, at: At) -> None:
        _is_mapping(value, at)
        for key, one in value.items():
            if key not in known:
                msg = f"is not a key that is known here. Known ones: {', '.join(known)}."
                raise SchemaMistake(msg, (*at, key))
            known[key](one, (*at, key))
        for key in required:
            if key not in value:
                msg = f"has no {key!r}, which it needs."
                raise SchemaMistake(msg, at)

    return checked


def _either(*checks: Check, named: str) -> Check:
    """The first check that fits the value's kind decides; `checks` are pairs of kind and check in order."""

    def checked(value: Any, at: At) -> None:
        failures = []
        for check in checks:
            try:
                check(value, at)
            except SchemaMistake as mistake:
                failures.append(mistake)
            else:
                return
        deepest = max(failures, key=lambda mistake: len(mistake.at))
        if len(deepest.at) > len(at) or isinstance(value, Mapping):
            raise deepest
        written = "nothing" if value is None else f"{value!r:.60}"
        msg = f"should be {named}, and is {written}."
        raise SchemaMistake(msg, at)

    return checked


_is_mapping = _kind(dict, named="a mapping")
_text = _kind(str, named="text")
_boolean = _kind(bool, named="true or false")
_number = _kind(int, named="a whole number")
_texts = _list_of(_text)
_command = _kind(str, list, named="text or a list")

_ANNOTATIONS: dict[str, Check] = {"desc": _text, "type": _text, "labels": _texts, "meta": _anything}
_FLAGS: dict[str, Check] = {
    **_ANNOTATIONS,
    "cache": _boolean,
    "persist": _boolean,
    "checkpoint": _boolean,
    "remote": _text,
    "push": _boolean,
}
_PLOT: dict[str, Check] = {
    **_FLAGS,
    "template": _text,
    "x": _text,
    "y": _text,
    "x_label": _text,
    "y_label": _text,
    "title": _text,
    "header": _boolean,
}
_outs = _list_of(_either(_text, _each(_keys(_FLAGS)), named="a path, or a path with settings"))
_plots = _list_of(
    _either(
        _text,
        _each(_either(_keys(_PLOT), _list_of(_keys(_PLOT)), named="settings")),
        named="a path, or a path with settings",
    )
)
_vars = _list_of(_kind(str, dict, named="a file or a mapping"))
_STAGE: dict[str, Check] = {
    "cmd": _command,
    "wdir": _text,
    "deps": _texts,
    "params": _list_of(_kind(str, dict, named="a key, or a file with keys")),
    "vars": _vars,
    "outs": _outs,
    "metrics": _outs,
    "plots": _plots,
    "frozen": _boolean,
    "always_changed": _boolean,
    "desc": _text,
    "meta": _anything,
    "matrix": _each(_kind(str, list, named="a list or a template")),
}
_plain_stage = _keys(_STAGE, "cmd")
_foreach = _keys(
    {"foreach": _kind(dict, list, str, named="a list, a mapping or a template"), "do": _plain_stage}, "foreach", "do"
)


def _stage(value: Any, at: At) -> None:
    if isinstance(value, Mapping) and ("foreach" in value or "do" in value):
        _foreach(value, at)
    else:
        _plain_stage(value, at)


def _top_plot(value: Any, at: At) -> None:
    if value is not None:
        _TOP_PLOT(value, at)


_column = _either(_text, _each(_text), named="a column, or a file with a column")
_columns = _either(
    _text, _texts, _each(_either(_text, _texts, named="columns")), named="a column, columns, or files with columns"
)
_TOP_PLOT = _keys({"x": _column, "y": _columns, "x_label": _text, "y_label": _text, "title": _text, "template": _text})
_PIPELINE = _keys(
    {
        "vars": _vars,
        "stages": _each(_stage),
        "plots": _list_of(_either(_text, _each(_top_plot), named="a path, or a name with settings")),
        "metrics": _texts,
        "params": _texts,
        "artifacts": _each(_keys({"path": _text, **_ANNOTATIONS}, "path")),
        "datasets": _anything,
    }
)


def _checksum(value: Any, at: At) -> None:
    if value not in (None, "") and not (isinstance(value, (str, int)) and len(str(value)) > 2):  # noqa: PLR2004
        msg = f"should be a checksum, and is {value!r:.60}."
        raise SchemaMistake(msg, at)


_META: dict[str, Check] = {
    "md5": _checksum,
    "etag": _checksum,
    "checksum": _checksum,
    "size": _number,
    "nfiles": _number,
    "isexec": _boolean,
    "version_id": _text,
}
_CLOUD = _each(_keys(_META))
_ENTRY = _keys(
    {
        "path": _text,
        "hash": _text,
        **_META,
        "cloud": _CLOUD,
        "files": _list_of(_keys({"relpath": _text, **_META, "cloud": _CLOUD}, "relpath")),
        "dataset": _is_mapping,
    },
    "path",
)


def _version(value: Any, at: At) -> None:
    if value != "2.0":
        msg = f"is {value!r}, and should be '2.0', the only version that is read. Make the file anew with repro."
        raise SchemaMistake(msg, at)


_LOCK = _keys(
    {
        "schema": _version,
        "datasets": _anything,
        "stages": _each(
            _keys(
                {
                    "cmd": _command,
                    "deps": _list_of(_ENTRY),
                    "params": _each(_each(_anything)),
                    "outs": _list_of(_ENTRY),
                },
                "cmd",
            )
        ),
    },
    "schema",
)
