"""`treering.Field` and `treering.IODescriptor`: Pydantic's fields and models, for services that are written with them."""

from __future__ import annotations

import inspect
import typing
from importlib import import_module
from typing import Annotated, Any

from treering.core.errors import MissingExtra
from treering.serving.services.kinds.choosing import special_kind
from treering.serving.services.kinds.encoding import embedded

__all__ = ["Field", "IODescriptor"]

_NEEDED = "Models of Pydantic need Pydantic, which Treering itself does not: pip install pydantic"


def Field(*args: Any, **kwargs: Any) -> Any:  # noqa: N802 -- Pydantic's name
    """Pydantic's `Field`.

    Raises:
        MissingExtra: If Pydantic is not installed.
    """
    try:
        return import_module("pydantic").Field(*args, **kwargs)
    except ModuleNotFoundError as error:
        raise MissingExtra(_NEEDED) from error


def _refused(cls: Any, /, **_: Any) -> None:  # noqa: ARG001 -- the protocol's
    raise MissingExtra(_NEEDED)


def _descriptor() -> type:
    try:
        pydantic = import_module("pydantic")
    except ModuleNotFoundError:
        doc = {"__doc__": "Pydantic is not installed.", "__init_subclass__": classmethod(_refused)}
        return type("IODescriptor", (), doc)

    def prepare(cls: Any, /, **_: Any) -> None:
        """Arrays, frames, images and files among the fields are read as those of methods are."""
        found = typing.get_type_hints(cls, include_extras=True)
        for name in inspect.get_annotations(cls):
            if (kind := special_kind(found.get(name))) is not None:
                cls.__annotations__[name] = _checked(pydantic, kind)

    body = {
        "__doc__": "A model of Pydantic that knows arrays, data frames and images.",
        "__init_subclass__": classmethod(prepare),
        "__module__": __name__,
        "model_config": {"arbitrary_types_allowed": True},
    }
    made: type = type(pydantic.BaseModel)("IODescriptor", (pydantic.BaseModel,), body)
    return made


def _checked(pydantic: Any, kind: Any) -> Any:
    def load(value: Any) -> Any:
        return kind.load(value, _no_files)

    def dump(value: Any) -> Any:
        found = embedded(kind.dump(value))
        return found.tolist() if hasattr(found, "tolist") else found

    return Annotated[
        Any,
        pydantic.PlainValidator(load),
        pydantic.PlainSerializer(dump, when_used="json"),
        pydantic.WithJsonSchema(kind.described()),
    ]


def _no_files() -> str:
    msg = "A file cannot be a field of a model; make it a parameter of the method."
    raise ValueError(msg)


IODescriptor: Any = _descriptor()
