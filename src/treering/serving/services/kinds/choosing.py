"""Finds the kind of an annotation."""

from __future__ import annotations

import collections.abc
import dataclasses
import sys
import types
import typing
from collections.abc import Callable, Iterator
from functools import cache
from typing import Annotated, Any, NamedTuple, get_args, get_origin

import msgspec

from treering.core.errors import InvalidInput
from treering.core.plugins import Registry
from treering.serving.services.kinds.base import Kind
from treering.serving.services.kinds.containers import ListKind, MappingKind, OptionalKind
from treering.serving.services.kinds.plain import PlainKind

__all__ = ["KINDS", "Details", "Make", "kind_of", "made", "pieces", "special_kind"]


class Details(NamedTuple):
    """What an annotation says of a type.

    Attributes:
        found: The class.
        arguments: What stands in brackets behind it.
        metadata: What `Annotated` adds.
    """

    found: type
    arguments: tuple[Any, ...]
    metadata: tuple[Any, ...]

    def said(self, of: type) -> Any:
        """The one of a class among the metadata; None if there is none."""
        return next((one for one in self.metadata if isinstance(one, of)), None)


Make = Callable[[Details], Kind]

_MAKE = "treering.serving.services.kinds.making"
KINDS: Registry[Make] = Registry(
    "treering.service_types",
    "type of a service's arguments",
    {
        "PIL.Image.Image": f"{_MAKE}:image",
        "builtins.bytes": f"{_MAKE}:binary",
        "numpy.ndarray": f"{_MAKE}:array",
        "pandas.DataFrame": f"{_MAKE}:frame",
        "pandas.core.frame.DataFrame": f"{_MAKE}:frame",
        "pathlib.PurePath": f"{_MAKE}:file",
        "tensorflow.python.framework.ops.Tensor": f"{_MAKE}:tensorflow_tensor",
        "tensorflow.python.framework.tensor.Tensor": f"{_MAKE}:tensorflow_tensor",
        "torch.Tensor": f"{_MAKE}:torch_tensor",
    },
)
"""Kinds by the full names of their classes; a subclass is of its base's kind, unless it has its own."""

_LISTS = (list, tuple, set, collections.abc.Sequence, collections.abc.Iterable)
_MAPPINGS = (dict, collections.abc.Mapping)
_PYDANTIC = ("pydantic", "annotated_types")


def kind_of(annotation: Any, metadata: tuple[Any, ...] = ()) -> Kind:
    """The kind of an annotation.

    Raises:
        InvalidInput: If values of this type can be neither read nor written.
        MissingExtra: If its library is missing.
    """
    annotation, metadata = _bare(annotation, metadata)
    if annotation in (None, type(None)):
        return PlainKind(None, made)
    special = _special(annotation, metadata)
    if special is not None:
        return special
    if not _knows_structs(annotation) and (_of_pydantic(annotation) or any(map(_is_pydantics, metadata))):
        return _model(annotation, metadata)
    try:
        return PlainKind(_constrained(annotation, metadata), made)
    except InvalidInput:
        if "pydantic" not in sys.modules:
            raise
        return _model(annotation, metadata)


def special_kind(annotation: Any) -> Kind | None:
    """The kind of an array, a frame, an image or a file, alone or in a list; None of what JSON carries by itself."""
    return _special(*_bare(annotation, ()))


def pieces(annotation: Any) -> Any:
    """What a stream yields, by the annotation of its method; None if it is no stream's annotation."""
    annotation, _ = _bare(annotation, ())
    streams = (
        collections.abc.Generator,
        collections.abc.AsyncGenerator,
        collections.abc.Iterator,
        collections.abc.AsyncIterator,
        collections.abc.Iterable,
        collections.abc.AsyncIterable,
    )
    if get_origin(annotation) in streams:
        return (get_args(annotation) or (Any,))[0]
    return None


def _bare(annotation: Any, metadata: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...]]:
    while get_origin(annotation) is Annotated:
        annotation, *more = get_args(annotation)
        metadata = (*more, *metadata)
    return annotation, metadata


def _special(annotation: Any, metadata: tuple[Any, ...]) -> Kind | None:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        others = [one for one in arguments if one is not type(None)]
        inner = _special(*_bare(others[0], metadata)) if len(others) == 1 else None
        return OptionalKind(inner) if inner is not None and len(arguments) > 1 else inner
    if origin in _LISTS and arguments:
        inner = _special(*_bare(arguments[0], metadata))
        return ListKind(inner) if inner is not None else None
    if origin in _MAPPINGS and len(arguments) > 1:
        inner = _special(*_bare(arguments[1], metadata))
        return MappingKind(inner) if inner is not None else None
    found = origin or annotation
    if not isinstance(found, type):
        return None
    name = _registered(found)
    return KINDS.load(name)(Details(found, arguments, metadata)) if name else None


@cache
def _registered(found: type) -> str | None:
    for one in found.__mro__:
        name = f"{one.__module__}.{one.__qualname__}"
        if name in KINDS.builtins or (not _is_known(one) and name in KINDS):
            return name
    return None


def _is_known(found: type) -> bool:
    """Whether nobody registers it, so that nobody's entry points need to be looked at."""
    return (
        found.__module__.partition(".")[0] in {*sys.stdlib_module_names, "pydantic", "msgspec", "numpy"}
        or dataclasses.is_dataclass(found)
        or issubclass(found, msgspec.Struct)
        or hasattr(found, "__pydantic_core_schema__")
    )


def made(wanted: type, value: Any) -> Any:
    """For msgspec: a value of a class that it does not know, inside of one that it does."""
    if hasattr(wanted, "model_validate"):
        return _model(wanted, ()).load(value, _no_files)
    kind = _special(wanted, ())
    if kind is None:
        msg = f"Nothing makes a {wanted.__name__} of a {type(value).__name__}."
        raise NotImplementedError(msg)
    return kind.load(value, _no_files)


def _no_files() -> str:
    msg = "A file cannot be inside of another value here; make it a parameter of the method."
    raise InvalidInput(msg)


def _model(annotation: Any, metadata: tuple[Any, ...]) -> Kind:
    return KINDS_OF_PYDANTIC.load("pydantic")(Details(annotation, (), metadata))


KINDS_OF_PYDANTIC: Registry[Make] = Registry(
    "treering.service_models", "library of models", {"pydantic": f"{_MAKE}:model"}
)


def _inner(annotation: Any) -> Iterator[Any]:
    """The annotation and all in it, dataclasses' and structs' fields among them, each class once."""
    seen: set[int] = set()
    waiting = [annotation]
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting.extend(get_args(one))
        if isinstance(one, type) and (dataclasses.is_dataclass(one) or issubclass(one, msgspec.Struct)):
            waiting.extend(typing.get_type_hints(one, include_extras=True).values())


def _of_pydantic(annotation: Any) -> bool:
    return any(_is_pydantics(one) or hasattr(one, "__pydantic_core_schema__") for one in _inner(annotation))


def _is_pydantics(one: Any) -> bool:
    owner = one if isinstance(one, type) else type(one)
    return owner.__module__.partition(".")[0] in _PYDANTIC and "pydantic" in sys.modules


def _knows_structs(annotation: Any) -> bool:
    return any(isinstance(one, type) and issubclass(one, msgspec.Struct) for one in _inner(annotation))


def _constrained(annotation: Any, metadata: tuple[Any, ...]) -> Any:
    """With the constraints of the package annotated_types in msgspec's words."""
    names = ("gt", "ge", "lt", "le", "multiple_of", "min_length", "max_length")
    found: dict[str, Any] = {}
    kept = []
    for one in metadata:
        if isinstance(one, msgspec.Meta):
            kept.append(one)
        elif type(one).__module__.startswith("annotated_types"):
            found |= {name: getattr(one, name) for name in names if getattr(one, name, None) is not None}
    if found:
        kept.append(msgspec.Meta(**found))
    return Annotated[(annotation, *kept)] if kept else annotation
