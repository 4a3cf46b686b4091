"""What a method takes and gives: made of its signature once, used for each request."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from treering.core.errors import InvalidInput
from treering.serving.services.contexts import Context
from treering.serving.services.kinds.base import Kind
from treering.serving.services.kinds.choosing import kind_of, pieces
from treering.serving.services.kinds.encoding import as_json
from treering.serving.services.kinds.inlining import first_choice
from treering.serving.services.validators import ContentType

__all__ = ["MISSING", "Input", "Output", "Parameter", "hints_of", "input_of", "output_of"]

MISSING: Any = msgspec.UNSET
"""Stands for an argument that a client left out."""

_CONTEXTS = ("ctx", "context")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument of a method.

    Attributes:
        needed: Whether a client has to give it.
        makes: Gives what stands in for it, where the method itself does not know.
        words: What a description says of it: title, examples, a default.
        rest: `*` for a list of further arguments, `**` for further ones by name.
    """

    name: str
    kind: Kind
    needed: bool
    makes: Callable[[], Any] | None = None
    words: Mapping[str, Any] = field(default_factory=dict)
    rest: str = ""

    def described(self) -> dict[str, Any]:
        """As JSON Schema."""
        return {**self.kind.described(), **self.words}


@dataclass(frozen=True, slots=True)
class Input:
    """All arguments of a method.

    Attributes:
        root: The only one, where it is the body itself.
        spread: Whether the root's fields are the arguments.
        context: What the method calls the request, if it wants to see it.
    """

    parameters: tuple[Parameter, ...]
    root: Parameter | None = None
    spread: bool = False
    context: str | None = None

    @property
    def files(self) -> bool:
        """Whether it comes as a form."""
        return any(one.kind.file for one in self.parameters)

    @property
    def media_type(self) -> str:
        """How clients send it."""
        if self.root is not None:
            return self.root.kind.media_type
        return "multipart/form-data" if self.files else "application/json"

    def schema(self) -> dict[str, Any]:
        """In the words of `/schema.json`."""
        if self.spread and self.root is not None:
            return self.root.kind.schema()
        if self.root is not None:
            return {**self.root.kind.schema(), **self.root.words, "root_input": True}
        return {
            "type": "object",
            "title": "Input",
            "properties": {one.name: {**first_choice(one.kind.schema()), **one.words} for one in self.parameters},
            **({"required": names} if (names := [one.name for one in self.parameters if one.needed]) else {}),
        }

    def described(self) -> dict[str, Any]:
        """As JSON Schema."""
        if self.root is not None:
            return self.root.described()
        names = [one.name for one in self.parameters if one.needed]
        return {
            "type": "object",
            "properties": {one.name: one.described() for one in self.parameters},
            **({"required": names} if names else {}),
        }


@dataclass(frozen=True, slots=True)
class Output:
    """What a method gives.

    Attributes:
        media_type: What its author says it is; None leaves it to the kind.
        stream: Whether it comes piece by piece; the kind is then that of a piece.
    """

    kind: Kind
    media_type: str | None = None
    stream: bool = False

    @property
    def told_type(self) -> str:
        """How clients get it."""
        if self.media_type is not None:
            return self.media_type
        return "text/event-stream" if self.stream else self.kind.media_type

    def schema(self) -> dict[str, Any]:
        """In the words of `/schema.json`."""
        found = self.kind.schema()
        if "properties" in found:
            found = first_choice(found)
        if self.stream:
            found |= {"is_stream": True}
        if self.stream or self.media_type is not None:
            found |= {"media_type": self.told_type}
        return found


def input_of(function: Callable[..., Any], hints: Mapping[str, Any], spec: type | None = None) -> Input:
    """What a method takes.

    Args:
        hints: Its annotations, evaluated.
        spec: A model whose fields are the arguments, in place of the signature.

    Raises:
        InvalidInput: If an annotation is nothing that a request can hold.
    """
    found = list(inspect.signature(function).parameters.values())[1:]
    context = next((one.name for one in found if _is_context(one, hints)), None)
    if spec is not None:
        return Input((), Parameter("input", kind_of(spec), needed=True), spread=True, context=context)
    parameters = [_parameter(one, hints, function) for one in found if one.name != context]
    roots = [one for one in found if one.kind is one.POSITIONAL_ONLY and one.name != context]
    if not roots:
        return Input(tuple(parameters), context=context)
    if len(parameters) > 1:
        msg = (
            f"{function.__qualname__} takes {roots[0].name!r} before a slash, which makes it the whole body of a"
            " request; no further parameters can stand beside it."
        )
        raise InvalidInput(msg)
    return Input((), parameters[0], context=context)


def output_of(function: Callable[..., Any], hints: Mapping[str, Any], spec: type | None = None) -> Output:
    """What a method gives.

    Raises:
        InvalidInput: If an annotation is nothing that an answer can hold.
    """
    annotation = spec if spec is not None else hints.get("return", Any)
    stream = inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function)
    said = [one for one in getattr(annotation, "__metadata__", ()) if isinstance(one, ContentType)]
    if stream:
        annotation = pieces(annotation) or Any
    try:
        kind = kind_of(Any if hasattr(annotation, "raw_headers") or _is_response(annotation) else annotation)
    except InvalidInput as error:
        msg = f"{function.__qualname__} answers {annotation!r}, which cannot be sent: {error}"
        raise InvalidInput(msg) from error
    return Output(kind, said[0].content_type if said else None, stream)


def _is_response(annotation: Any) -> bool:
    return isinstance(annotation, type) and any(
        one.__module__.startswith("starlette.responses") for one in annotation.__mro__
    )


def _is_context(parameter: inspect.Parameter, hints: Mapping[str, Any]) -> bool:
    if parameter.name in hints:
        return hints[parameter.name] is Context
    return parameter.name in _CONTEXTS


def _parameter(one: inspect.Parameter, hints: Mapping[str, Any], function: Callable[..., Any]) -> Parameter:
    annotation = hints.get(one.name, Any)
    metadata: tuple[Any, ...] = ()
    rest = "*" if one.kind is one.VAR_POSITIONAL else "**" if one.kind is one.VAR_KEYWORD else ""
    if rest:
        annotation = list[annotation] if rest == "*" else dict[str, annotation]  # type: ignore[valid-type]  # made at run time
    default, makes, words = one.default, None, _words(annotation)
    if _is_field(default):
        metadata = tuple(default.metadata)
        words |= _field_words(default)
        default, makes = _field_default(default)
    needed = default is one.empty and not rest
    if not needed and not rest and (told := _told_default(makes() if makes is not None else default)) is not None:
        words["default"] = told[0]
    try:
        kind = kind_of(annotation, metadata)
    except InvalidInput as error:
        msg = f"{function.__qualname__} takes {one.name!r} of a type that no request can hold: {error}"
        raise InvalidInput(msg) from error
    name = {"*": "args", "**": "kwargs"}.get(rest, one.name)
    return Parameter(name, kind, needed, makes, words, rest)


def _is_field(default: Any) -> bool:
    """Whether it is Pydantic's `Field(...)`, told without importing Pydantic."""
    return type(default).__module__ == "pydantic.fields" and hasattr(default, "default_factory")


def _words(annotation: Any) -> dict[str, Any]:
    """What a `Field` or a `Meta` within `Annotated` says."""
    words: dict[str, Any] = {}
    for one in getattr(annotation, "__metadata__", ()):
        if _is_field(one):
            words |= _field_words(one)
    return words


def _field_words(found: Any) -> dict[str, Any]:
    words = {name: getattr(found, name, None) for name in ("title", "description", "examples")}
    return {name: value for name, value in words.items() if value is not None}


def _field_default(found: Any) -> tuple[Any, Callable[[], Any] | None]:
    if found.default_factory is not None:
        return None, found.default_factory
    if type(found.default).__name__ == "PydanticUndefinedType" or found.default is Ellipsis:
        return inspect.Parameter.empty, None
    return found.default, lambda: found.default


def _told_default(default: Any) -> tuple[Any] | None:
    """The default as JSON, if it can be; in a tuple, since it may be None."""
    try:
        return (msgspec.json.decode(as_json(default)),) if not hasattr(default, "dtype") else None
    except (TypeError, ValueError, NotImplementedError):
        return None


def hints_of(function: Callable[..., Any], names: Mapping[str, Any]) -> dict[str, Any]:
    """The annotations of a method, evaluated, with `Annotated` kept.

    Args:
        names: What is known where the method was written, for annotations that name what stands in a function.

    Raises:
        InvalidInput: If an annotation names what there is not.
    """
    try:
        return typing.get_type_hints(function, include_extras=True)
    except NameError:
        pass
    try:
        return typing.get_type_hints(function, localns=dict(names), include_extras=True)
    except NameError as error:
        msg = f"An annotation of {function.__qualname__} names {error.name!r}, which is not defined."
        raise InvalidInput(msg) from error
