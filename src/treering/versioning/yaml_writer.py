"""Writes and edits YAML through ruamel.yaml, so that the bytes are those that DVC writes.

Loading ruamel takes longer than most commands: this module is loaded by
`documents` when something is written that `plain_yaml` cannot write.
"""

from __future__ import annotations

import io
from collections import OrderedDict
from collections.abc import Mapping, MutableMapping, MutableSequence
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from treering.core.errors import InvalidInput

__all__ = ["dump", "edit"]


def dump(data: Any) -> bytes:
    """As `documents.dump_yaml`."""
    written = io.BytesIO()
    _yaml().dump(data, written)
    return written.getvalue()


def edit(text: bytes | str, data: Any, name: str) -> bytes:
    """As `documents.edited_yaml`."""
    yaml = _yaml()
    try:
        document = yaml.load(text)
    except YAMLError as error:
        msg = f"{name} cannot be edited, because it is not valid YAML: {error}. Correct it, and try again."
        raise InvalidInput(msg) from error
    if isinstance(document, MutableMapping) and isinstance(data, Mapping):
        _edit_mapping(document, data)
    elif isinstance(document, MutableSequence) and isinstance(data, list):
        _edit_sequence(document, data)
    else:
        document = data
    written = io.BytesIO()
    yaml.dump(document, written)
    return written.getvalue()


def _yaml() -> YAML:
    yaml = YAML()
    yaml.default_flow_style = False
    yaml.representer.add_representer(OrderedDict, type(yaml.representer).represent_dict)
    return yaml


def _edit_mapping(document: MutableMapping[Any, Any], data: Mapping[Any, Any]) -> None:
    for key, value in data.items():
        if key not in document or not _edited(document[key], value):
            document[key] = value
    for key in [key for key in document if key not in data]:
        del document[key]


def _edit_sequence(document: MutableSequence[Any], data: list[Any]) -> None:
    if len(document) == len(data):
        for at, value in enumerate(data):
            if not _edited(document[at], value):
                document[at] = value
        return
    # What is the same at the front stays with its comments; behind it everything is new.
    same = 0
    while same < min(len(document), len(data)) and document[same] == data[same]:
        same += 1
    del document[same:]
    document.extend(data[same:])


def _edited(old: Any, new: Any) -> bool:
    """Whether `old` has the value `new` now; False where it has to be replaced."""
    if isinstance(old, MutableMapping) and isinstance(new, Mapping):
        _edit_mapping(old, new)
        return True
    if isinstance(old, MutableSequence) and isinstance(new, list):
        _edit_sequence(old, new)
        return True
    return _kind(old) is _kind(new) and bool(old == new)


def _kind(value: Any) -> type:
    """The plain type: ruamel's own remember how a number or text was written."""
    for plain in (bool, int, float, str, dict, list):
        if isinstance(value, plain):
            return plain
    return type(value)
