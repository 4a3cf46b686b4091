"""The code of a client with types, written from what a service tells of its methods."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Mapping
from typing import Any

from treering.client.services.described import Endpoint
from treering.core.errors import InvalidInput

__all__ = ["client_code"]

_PLAIN = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}
_TAKEN = {"call", "close", "endpoints", "is_ready", "request", "submit", "url", "wait_until_server_ready", "ask_task"}
_HEAD = '''"""A client of the service {service}. Written by `treering services client`; do not edit."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, NotRequired, TypedDict

import treering

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from PIL.Image import Image

    from treering.client.services.submitted import AsyncTask, Task

__all__ = ["Async{name}", "{name}"]

_UNSET: Any = object()


def _given(**arguments: Any) -> dict[str, Any]:
    """Without those that the service is to choose."""
    return {{name: value for name, value in arguments.items() if value is not _UNSET}}
'''


def client_code(service: str, endpoints: Iterable[Endpoint], name: str = "") -> str:
    """A module with a client that blocks and one that does not.

    Args:
        service: The name of the service.
        name: Of the client's class; by default the service's, with `Client` behind it.

    Raises:
        InvalidInput: If the name is none that a class can have.
    """
    class_name = name or "".join(part[:1].upper() + part[1:] for part in re.split(r"[\W_]+", service)) + "Client"
    if not class_name.isidentifier() or keyword.iskeyword(class_name):
        msg = f"A class cannot be called {class_name!r}."
        raise InvalidInput(msg)
    known = _Types()
    methods = [_Method(one, known) for one in endpoints]
    blocking = "\n".join(line for one in methods for line in one.lines(waits=True))
    awaited = "\n".join(line for one in methods for line in one.lines(waits=False))
    parts = [
        _HEAD.format(service=service, name=class_name),
        *known.classes,
        f'class {class_name}(treering.SyncHTTPClient):\n    """Calls {service}, and waits."""\n{blocking}',
        f'class Async{class_name}(treering.AsyncHTTPClient):\n    """Calls {service}, within `async with`."""\n{awaited}',
    ]
    return "\n\n".join(part.rstrip("\n") + "\n" for part in parts)


class _Types:
    """The types of a schema, and the classes that they need."""

    def __init__(self) -> None:
        self.classes: list[str] = []
        self._names: dict[str, Mapping[str, Any]] = {}

    def of(self, schema: Mapping[str, Any], hint: str, *, given: bool) -> str:
        """The annotation for a schema.

        Args:
            hint: What a class for it is called.
            given: Whether a user gives the value, and may give it in several forms.
        """
        if choices := schema.get("anyOf"):
            return " | ".join(dict.fromkeys(self.of(one, hint, given=given) for one in choices))
        if values := schema.get("enum"):
            return f"Literal[{', '.join(repr(one) for one in values)}]"
        kind = schema.get("type")
        if kind in ("tensor", "dataframe", "file"):
            return _of_library(schema, given=given)
        if kind == "array":
            return f"list[{self.of(schema.get('items') or {}, f'{hint}Item', given=given)}]"
        if kind == "object":
            return self._of_object(schema, hint, given=given)
        return "bytes" if schema.get("format") == "binary" else _PLAIN.get(str(kind), "Any")

    def _of_object(self, schema: Mapping[str, Any], hint: str, *, given: bool) -> str:
        if schema.get("properties"):
            return self._class(schema, hint, given=given)
        inner = schema.get("additionalProperties")
        of = self.of(inner, f"{hint}Value", given=given) if isinstance(inner, Mapping) else "Any"
        return f"dict[str, {of}]"

    def _class(self, schema: Mapping[str, Any], hint: str, *, given: bool) -> str:
        properties: Mapping[str, Any] = schema["properties"]
        title = re.sub(r"\W", "", str(schema.get("title", "")))
        name = title if title and title not in {"Input", "Output"} else hint
        if not all(one.isidentifier() and not keyword.iskeyword(one) for one in properties):
            return "dict[str, Any]"
        while name in self._names and self._names[name] != schema:
            name += "_"
        if name in self._names:
            return name
        self._names[name] = schema
        needed = set(schema.get("required", []))
        fields = []
        for key, one in properties.items():
            kind = self.of(one, f"{name}{key.title().replace('_', '')}", given=given)
            fields.append(f"    {key}: {kind if key in needed else f'NotRequired[{kind}]'}")
        doc = schema.get("description") or "One value."
        self.classes.append("\n".join([f"class {name}(TypedDict):", f"    {_doc(doc)}", "", *fields, ""]))
        return name


class _Method:
    def __init__(self, endpoint: Endpoint, types: _Types) -> None:
        self._endpoint = endpoint
        self._name = f"api_{endpoint.name}" if endpoint.name in _TAKEN else endpoint.name
        stem = endpoint.name.title().replace("_", "")
        if endpoint.has_root:
            self._parameters = [f"value: {types.of(endpoint.input, f'{stem}Input', given=True)}, /"]
            self._call = "value"
        else:
            self._parameters = [
                _parameter(name, types.of(schema, f"{stem}{name.title().replace('_', '')}", given=True), schema,
                           needed=name in endpoint.needed)
                for name, schema in sorted(endpoint.arguments.items(), key=lambda one: one[0] not in endpoint.needed)
            ]  # fmt: skip
            names = ", ".join(f"{name}={name}" for name in endpoint.arguments)
            self._call = f"**_given({names})" if names else ""
        self._result = types.of(endpoint.output, f"{stem}Output", given=False)

    def lines(self, *, waits: bool) -> list[str]:
        """The method, and that which submits it if it is a task."""
        head = ", ".join(["self", *self._parameters])
        call = f"{self._endpoint.name!r}".replace("'", '"') + (f", {self._call}" if self._call else "")
        begin, wait = ("def", "") if waits else ("async def", "await ")
        result, kind = self._result, "self.call"
        if self._endpoint.is_stream:
            result, begin, wait = f"{'' if waits else 'Async'}Iterator[{result}]", "def", ""
        lines = [
            "",
            f"    {begin} {self._name}({head}) -> {result}:",
            f"        {_doc(self._endpoint.doc or f'Call {self._endpoint.name}.')}",
            f"        found: {result} = {wait}{kind}({call})",
            "        return found",
        ]
        if self._endpoint.is_task:
            task = "Task" if waits else "AsyncTask"
            lines += [
                "",
                f"    {begin} submit_{self._endpoint.name}({head}) -> {task}:",
                f"        {_doc(f'Submit {self._endpoint.name}, and fetch what comes of it later.')}",
                f"        return {wait}self.submit({call})",
            ]
        return lines


def _of_library(schema: Mapping[str, Any], *, given: bool) -> str:
    kind = schema["type"]
    if kind == "tensor":
        return "np.ndarray | list[Any]" if given else "np.ndarray" if "numpy" in str(schema.get("format")) else "Any"
    if kind == "dataframe":
        return "pd.DataFrame | list[Any] | dict[str, Any]" if given else "pd.DataFrame"
    if schema.get("pil"):
        return "Image | Path | str | bytes" if given else "Image"
    return "Path | str | bytes | BinaryIO" if given else "Path"


def _parameter(name: str, kind: str, schema: Mapping[str, Any], *, needed: bool) -> str:
    if needed:
        return f"{name}: {kind}"
    default = schema.get("default", ...)
    if default is None and "None" not in kind.split(" | "):
        kind = f"{kind} | None"
    known = default is None or isinstance(default, bool | int | float | str)
    return f"{name}: {kind} = {default!r}" if known else f"{name}: {kind} = _UNSET"


def _doc(text: str) -> str:
    clean = text.strip().replace("\\", "\\\\").replace('"""', "'''")
    lines = clean.splitlines()
    if len(lines) == 1:
        return f'"""{clean}"""'
    return '"""' + "\n".join([lines[0], *(f"        {one.strip()}".rstrip() for one in lines[1:]), '        """'])
