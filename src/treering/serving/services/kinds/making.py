"""Kinds of the libraries that a user brings, made of what an annotation says."""

from __future__ import annotations

import contextlib
from typing import Any, get_args

import numpy as np

from treering.serving.services.kinds.base import Kind
from treering.serving.services.kinds.binary import BytesKind
from treering.serving.services.kinds.choosing import Details
from treering.serving.services.kinds.file import FileKind
from treering.serving.services.kinds.frame import FrameKind
from treering.serving.services.kinds.image import ImageKind
from treering.serving.services.kinds.models import ModelKind
from treering.serving.services.kinds.tensor import TensorKind
from treering.serving.services.validators import ContentType, DataframeSchema, DType, Shape

__all__ = ["array", "binary", "file", "frame", "image", "model", "tensorflow_tensor", "torch_tensor"]


def array(details: Details) -> Kind:
    """`np.ndarray`, with the element type of `NDArray[...]` if it has one."""
    generic: Any = None
    if len(details.arguments) > 1 and (named := get_args(details.arguments[1])):
        # NDArray[Any] names none.
        with contextlib.suppress(TypeError):
            generic = None if named[0] is Any else np.dtype(named[0]).name
    return _tensor("numpy", details, generic)


def torch_tensor(details: Details) -> Kind:
    """`torch.Tensor`."""
    return _tensor("torch", details)


def tensorflow_tensor(details: Details) -> Kind:
    """`tf.Tensor`."""
    return _tensor("tensorflow", details)


def _tensor(library: str, details: Details, generic: str | None = None) -> Kind:
    dtype, shape = details.said(DType), details.said(Shape)
    return TensorKind(library, dtype.dtype if dtype else generic, shape.dimensions if shape else None)


def frame(details: Details) -> Kind:
    """`pd.DataFrame`."""
    return FrameKind(details.said(DataframeSchema) or DataframeSchema())


def image(details: Details) -> Kind:
    """`PIL.Image.Image`."""
    return ImageKind(_content_type(details))


def file(details: Details) -> Kind:
    """`pathlib.Path`."""
    return FileKind(_content_type(details))


def binary(details: Details) -> Kind:  # noqa: ARG001 -- as the others
    """`bytes`."""
    return BytesKind()


def model(details: Details) -> Kind:
    """What Pydantic checks."""
    ours = (ContentType, DataframeSchema, DType, Shape)
    return ModelKind(details.found, tuple(one for one in details.metadata if not isinstance(one, ours)))


def _content_type(details: Details) -> str | None:
    found = details.said(ContentType)
    return found.content_type if found else None
