"""Messages and methods, made from the `.proto` files beside this module when they are first needed.

What generated code would do is done here by the library's own descriptors, so that any version of it will do. The
language is read as far as our files use it: messages, enums and services, `repeated`, `map` and `oneof`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

__all__ = ["FILES", "described", "message", "methods"]

FILES = ("health", "inference", "reflection")

_Field = descriptor_pb2.FieldDescriptorProto
_SCALARS = {
    "bool": _Field.TYPE_BOOL,
    "bytes": _Field.TYPE_BYTES,
    "double": _Field.TYPE_DOUBLE,
    "float": _Field.TYPE_FLOAT,
    "int32": _Field.TYPE_INT32,
    "int64": _Field.TYPE_INT64,
    "string": _Field.TYPE_STRING,
    "uint32": _Field.TYPE_UINT32,
    "uint64": _Field.TYPE_UINT64,
}
_WORDS = re.compile(r'"[^"]*"|[\w.]+|[{}()<>=;,]')


@cache
def _pool() -> descriptor_pool.DescriptorPool:
    """A pool of our own: in the library's, other packages may have put files with the same names."""
    pool = descriptor_pool.DescriptorPool()
    for name in FILES:
        pool.Add(described(name))
    pool.Add(described("reflection", "grpc.reflection.v1alpha"))
    return pool


@cache
def message(name: str) -> Any:
    """The class of a message, by its whole name."""
    return message_factory.GetMessageClass(_pool().FindMessageTypeByName(name))


def methods(service: str) -> Any:
    """The descriptors of a service's methods."""
    return _pool().FindServiceByName(service).methods


@cache
def described(name: str, package: str = "") -> descriptor_pb2.FileDescriptorProto:
    """A file as the library describes it.

    Args:
        package: Another one than the file names.
    """
    text = (files("treering.serving.grpc") / "protos" / f"{name}.proto").read_text(encoding="utf-8")
    file = _Reader(text).file(f"{package.replace('.', '/') or name}.proto")
    if package:
        _move(file, file.package, package)
    return file


def _move(file: descriptor_pb2.FileDescriptorProto, before: str, after: str) -> None:
    file.package = after
    for one in file.message_type:
        for field in one.field:
            if field.type_name:
                field.type_name = field.type_name.replace(f".{before}.", f".{after}.")
    for service in file.service:
        for method in service.method:
            method.input_type = method.input_type.replace(f".{before}.", f".{after}.")
            method.output_type = method.output_type.replace(f".{before}.", f".{after}.")


class _Reader:
    """Reads one file, word by word."""

    def __init__(self, text: str) -> None:
        plain = re.sub(r"//[^\n]*", "", text)
        self._words: Iterator[str] = iter(_WORDS.findall(plain))
        self._known: dict[str, Any] = {}

    def file(self, name: str) -> descriptor_pb2.FileDescriptorProto:
        made = descriptor_pb2.FileDescriptorProto(name=name, syntax="proto3")
        for word in self._words:
            match word:
                case "syntax":
                    self._skip("=", '"proto3"', ";")
                case "package":
                    made.package = next(self._words)
                    self._skip(";")
                case "message":
                    self._message(made.message_type.add(name=next(self._words)))
                case "service":
                    self._service(made.service.add(name=next(self._words)))
                case _:
                    raise SyntaxError(word)
        _resolve(made)
        return made

    def _skip(self, *words: str) -> None:
        for word in words:
            if (found := next(self._words)) != word:
                msg = f"{found!r} stands where {word!r} is expected"
                raise SyntaxError(msg)

    def _message(self, made: descriptor_pb2.DescriptorProto) -> None:
        self._skip("{")
        while (word := next(self._words)) != "}":
            match word:
                case "message":
                    self._message(made.nested_type.add(name=next(self._words)))
                case "enum":
                    self._enum(made.enum_type.add(name=next(self._words)))
                case "oneof":
                    made.oneof_decl.add(name=next(self._words))
                    self._skip("{")
                    while (word := next(self._words)) != "}":
                        self._field(made, word).oneof_index = len(made.oneof_decl) - 1
                case "map":
                    self._map(made)
                case "repeated":
                    self._field(made, next(self._words)).label = _Field.LABEL_REPEATED
                case _:
                    self._field(made, word)

    def _field(self, made: descriptor_pb2.DescriptorProto, kind: str) -> Any:
        field = made.field.add(name=next(self._words), label=_Field.LABEL_OPTIONAL)
        self._skip("=")
        field.number = int(next(self._words))
        self._skip(";")
        _typed(field, kind)
        return field

    def _map(self, made: descriptor_pb2.DescriptorProto) -> None:
        self._skip("<")
        key = next(self._words)
        self._skip(",")
        value = next(self._words)
        self._skip(">")
        field = made.field.add(name=next(self._words), label=_Field.LABEL_REPEATED)
        self._skip("=")
        field.number = int(next(self._words))
        self._skip(";")
        entry = made.nested_type.add(name="".join(part.capitalize() for part in field.name.split("_")) + "Entry")
        entry.options.map_entry = True
        for number, (name, kind) in enumerate((("key", key), ("value", value)), 1):
            _typed(entry.field.add(name=name, number=number, label=_Field.LABEL_OPTIONAL), kind)
        _typed(field, entry.name)

    def _enum(self, made: descriptor_pb2.EnumDescriptorProto) -> None:
        self._skip("{")
        while (word := next(self._words)) != "}":
            self._skip("=")
            made.value.add(name=word, number=int(next(self._words)))
            self._skip(";")

    def _service(self, made: descriptor_pb2.ServiceDescriptorProto) -> None:
        self._skip("{")
        while next(self._words) != "}":  # the word `rpc`
            method = made.method.add(name=next(self._words))
            method.input_type, method.client_streaming = self._side()
            self._skip("returns")
            method.output_type, method.server_streaming = self._side()
            self._skip(";")

    def _side(self) -> tuple[str, bool]:
        self._skip("(")
        word = next(self._words)
        stream = word == "stream"
        name = next(self._words) if stream else word
        self._skip(")")
        return name, stream


def _typed(field: Any, kind: str) -> None:
    if kind in _SCALARS:
        field.type = _SCALARS[kind]
    else:
        field.type_name = kind


def _resolve(file: descriptor_pb2.FileDescriptorProto) -> None:
    """Give each name of a type the place where it is declared."""
    root = f".{file.package}"
    kinds: dict[str, int] = {}
    for one in file.message_type:
        _declare(one, root, kinds)
    for one in file.message_type:
        _place(one, root, kinds)
    for service in file.service:
        for method in service.method:
            method.input_type, method.output_type = f"{root}.{method.input_type}", f"{root}.{method.output_type}"


def _declare(one: descriptor_pb2.DescriptorProto, place: str, kinds: dict[str, int]) -> None:
    here = f"{place}.{one.name}"
    kinds[here] = _Field.TYPE_MESSAGE
    for inner in one.nested_type:
        _declare(inner, here, kinds)
    for enum in one.enum_type:
        kinds[f"{here}.{enum.name}"] = _Field.TYPE_ENUM


def _place(one: descriptor_pb2.DescriptorProto, place: str, kinds: dict[str, int]) -> None:
    here = f"{place}.{one.name}"
    for field in one.field:
        if field.type_name:
            field.type_name = _found(field.type_name, here, kinds)
            field.type = kinds[field.type_name]
    for inner in one.nested_type:
        _place(inner, here, kinds)


def _found(name: str, place: str, kinds: dict[str, int]) -> str:
    """The nearest declaration, from the inside out."""
    while place:
        if f"{place}.{name}" in kinds:
            return f"{place}.{name}"
        place = place.rpartition(".")[0]
    raise SyntaxError(name)
